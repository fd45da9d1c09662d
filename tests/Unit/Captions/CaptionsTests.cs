using System.Text;
using System.Xml.Linq;
using Tributary.Media.Captions;

namespace Tributary.Unit.Captions;

public class CaptionsTests
{
    const string SubRip = """
        1
        00:00:01,000 --> 00:00:03,500 X1:40 X2:600
        Hello <i>world</i>

        2
        00:00:04,000 --> 00:00:12,250
        {\an8}This cue <font color="red">spans</font>
        two lines

        3
        00:00:41,000 --> 00:00:41,000
        no time at all

        """;

    const string WebVtt = """
        WEBVTT - a title

        STYLE
        ::cue { color: yellow }

        NOTE a comment

        intro
        00:01.000 --> 00:03.500 line:0 align:start
        Bonjour <c.jaune>le monde</c>

        00:00:20.500 --> 01:00:24.000
        <v Marie>Troisième & dernière

        NOTE nobody reads this
        """;

    [Fact]
    public void SubRip_is_read_without_what_WebVTT_does_not_know()
    {
        var file = Read(SubRip);
        Assert.Equal(
        [
            new CaptionCue(1_000, 3_500, "1", "", "Hello <i>world</i>"),
            new CaptionCue(4_000, 12_250, "2", "", "This cue spans\ntwo lines"),
        ], file.Cues);
        Assert.Equal(("", 12_250L), (file.Header, file.DurationMilliseconds));
    }

    [Fact]
    public void WebVTT_keeps_its_header_settings_and_identifiers()
    {
        var file = Read(WebVtt);
        Assert.Equal(
        [
            new CaptionCue(1_000, 3_500, "intro", "line:0 align:start", "Bonjour <c.jaune>le monde</c>"),
            new CaptionCue(20_500, 3_624_000, "", "", "<v Marie>Troisième & dernière"),
        ], file.Cues);
        Assert.Equal(" - a title\n\nSTYLE\n::cue { color: yellow }\n\nNOTE a comment\n\n", file.Header);

        var written = Encoding.UTF8.GetString(WebVttWriter.Write(file, CaptionWindow.Whole));
        Assert.Equal(
            "WEBVTT" + file.Header + "intro\n00:00:01.000 --> 00:00:03.500 line:0 align:start\nBonjour <c.jaune>le monde</c>\n\n"
            + "00:00:20.500 --> 01:00:24.000\n<v Marie>Troisième & dernière\n\n",
            written);
    }

    [Theory]
    [InlineData("WEBVTT")]
    [InlineData("WEBVTT\n")]
    [InlineData("WEBVTT\n00:01.000 --> 00:02.000\nat once")]
    [InlineData("")]
    public void A_file_of_little_is_read(string text)
    {
        var file = Read(text);
        Assert.Equal(text.Contains("at once", StringComparison.Ordinal) ? 1 : 0, file.Cues.Count);
        Assert.Equal(file.Cues, Read(Encoding.UTF8.GetString(WebVttWriter.Write(file, CaptionWindow.Whole))).Cues);
    }

    [Fact]
    public void Text_is_UTF8_or_UTF16_with_a_mark()
    {
        var expected = Read(SubRip);
        foreach (var encoding in (Encoding[])[new UTF8Encoding(true), new UnicodeEncoding(false, true), new UnicodeEncoding(true, true)])
        {
            byte[] bytes = [.. encoding.GetPreamble(), .. encoding.GetBytes(SubRip.Replace("\n", "\r\n", StringComparison.Ordinal))];
            Assert.True(CaptionsReader.IsCaptions(bytes));
            Assert.True(CaptionsReader.TryRead(bytes, out var file, out _));
            Assert.Equal(expected.Cues, file.Cues);
        }
    }

    [Fact]
    public void TTML_gives_times_from_those_of_what_it_is_in_and_the_styles_that_WebVTT_has()
    {
        var file = Read("""
            <?xml version="1.0" encoding="UTF-8"?>
            <tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"
                ttp:frameRate="25" ttp:tickRate="10000" xml:lang="de">
            <head><styling><style xml:id="s1" tts:color="yellow" tts:fontStyle="italic"/></styling></head>
            <body begin="1s"><div begin="00:00:01">
              <p begin="00:00:01.500" end="00:00:03:05">Guten   <span tts:fontWeight="bold">Tag</span><br/>
                 1 &lt; 2 &amp; 3</p>
              <p begin="20000t" dur="500ms" style="s1">Gelb</p>
              <p begin="3s">ohne Ende</p>
              <p end="2s"/>
            </div></body></tt>
            """);
        Assert.Equal(
        [
            new CaptionCue(3_500, 5_200, "", "", "Guten <b>Tag</b>\n1 &lt; 2 &amp; 3"),
            new CaptionCue(4_000, 4_500, "", "", "<c.yellow><i>Gelb</i></c>"),
        ], file.Cues);
    }

    [Theory]
    [InlineData("<!DOCTYPE tt [<!ENTITY a \"aaaa\">]><tt xmlns=\"http://www.w3.org/ns/ttml\"><body><p begin=\"1s\" end=\"2s\">&a;</p></body></tt>")]
    [InlineData("<tt><body>")]
    [InlineData("<?xml version=\"1.0\"?><html/>")]
    [InlineData("not a caption file at all")]
    public void What_is_none_of_captions_is_refused_with_a_sentence(string text)
    {
        Assert.False(CaptionsReader.TryRead(Encoding.UTF8.GetBytes(text), out _, out var reason));
        Assert.NotEqual("", reason);
    }

    [Fact]
    public void Depth_is_bounded()
    {
        var text = string.Concat(Enumerable.Repeat("<tt>", 100_000));
        Assert.False(CaptionsReader.TryRead(Encoding.UTF8.GetBytes(text), out _, out var reason));
        Assert.Equal("The captions are nested too deep.", reason);
    }

    [Fact]
    public void Cheetah_blocks_are_read_with_and_without_an_end()
    {
        var header = new byte[128];
        (header[0], header[1], header[2]) = (0xEA, 0x22, 1);
        byte[] withEnd = [0, 0x61, 1, 0, 1, 15, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, .. "Ol"u8, 0x82, 0xC5, 0, 0, .. "two"u8, 0, 0];
        byte[] withoutEnd = [0, 0x41, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, .. "open"u8, 0];
        byte[] last = [0, 0x41, 2, 0, 0, 3, 0, 0, 0, 0, 0, 0, .. "last"u8, 0];
        withEnd[0] = (byte)withEnd.Length;
        withoutEnd[0] = (byte)withoutEnd.Length;
        last[0] = (byte)last.Length;

        byte[] bytes = [.. header, .. withEnd, 0, 0, .. withoutEnd, .. last, 200, 0x41];
        Assert.True(CaptionsReader.IsCaptions(bytes));
        Assert.True(CaptionsReader.TryRead(bytes, out var file, out _));
        Assert.Equal(
        [
            new CaptionCue(1_500, 3_000, "", "", "Olá\ntwo"), new CaptionCue(60_000, 3_600_100, "", "", "open"),
            new CaptionCue(3_600_100, 3_602_100, "", "", "last"),
        ], file.Cues);
    }

    [Fact]
    public void A_cue_that_spans_two_segments_is_in_both()
    {
        var file = Read(SubRip);
        Assert.Equal(["1", "2"], new CaptionWindow(0, 10_000).Of(file).Select(c => c.Id));
        Assert.Equal(["2"], new CaptionWindow(10_000, 20_000).Of(file).Select(c => c.Id));
        Assert.Empty(new CaptionWindow(20_000, 30_000).Of(file));

        var live = Encoding.UTF8.GetString(WebVttWriter.Write(file, new CaptionWindow(0, 10_000, 60_000, 2_000, 6_000), "MPEGTS:0,LOCAL:00:00:00.000"));
        Assert.Equal(
            "WEBVTT\r\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\r\n\r\n1\n00:01:02.000 --> 00:01:03.500\nHello <i>world</i>\n\n"
            + "2\n00:01:04.000 --> 00:01:06.000\nThis cue spans\ntwo lines\n\n",
            live);
        Assert.Equal("WEBVTT\r\n\r\n", Encoding.UTF8.GetString(WebVttWriter.Write(CaptionsFile.Empty, CaptionWindow.Whole)));
    }

    [Fact]
    public void TTML_is_written_well_formed_with_lines_and_styles()
    {
        var file = Read("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>a <b>b <i.x>c</b> d</i> & &amp; < \u0001\nnext <00:01.500>word\n");
        var text = Encoding.UTF8.GetString(TtmlWriter.Write(file, CaptionWindow.Whole));
        var paragraph = XDocument.Parse(text).Descendants(XName.Get("p", "http://www.w3.org/ns/ttml")).Single();
        Assert.Equal("00:00:01.000", paragraph.Attribute("begin")!.Value);
        Assert.Equal(["span", "span", "br"], paragraph.Descendants().Select(e => e.Name.LocalName));
        Assert.Equal("a b c d & & < next word", string.Join(' ', paragraph.Value.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)).Replace("<next", "< next", StringComparison.Ordinal));

        var plain = Encoding.UTF8.GetString(TtmlWriter.Write(Read("1\n00:00:04,000 --> 00:00:12,250\nLange Zeile"), CaptionWindow.Whole));
        Assert.Equal(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<tt xmlns=\"http://www.w3.org/ns/ttml\">\n  <head/>\n  <body>\n    <div>\n"
            + "      <p begin=\"00:00:04.000\" end=\"00:00:12.250\">Lange Zeile\n\n</p>\n    </div>\n  </body>\n</tt>\n",
            plain);
    }

    static CaptionsFile Read(string text)
    {
        Assert.True(CaptionsReader.TryRead(Encoding.UTF8.GetBytes(text), out var file, out var reason), reason);
        return file;
    }
}
