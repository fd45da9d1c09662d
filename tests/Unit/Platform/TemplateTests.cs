using System.Xml.Linq;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Services;

namespace Tributary.Unit.Platform;

/// <summary>Transcoding templates against samples, white-space aside.</summary>
public sealed class TemplateTests
{
    static readonly PlatformObject[] Flavors =
    [
        new("LiveParams") { { "id", 32L }, { "tags", "source,ingest,web,mobile,recording_anchor" }, { "streamSuffix", "1" }, { "videoCodec", "copy" }, { "audioCodec", "copy" } },
        new("LiveParams") { { "id", 33L }, { "tags", "mobile,web,mbr" }, { "videoCodec", "h264b" }, { "videoBitrate", 300L }, { "audioCodec", "aac" }, { "audioBitrate", 40L }, { "height", 240L } },
        new("LiveParams") { { "id", 34L }, { "tags", "web,mbr" }, { "videoCodec", "h264m" }, { "videoBitrate", 900L }, { "audioCodec", "aac" }, { "audioBitrate", 64L }, { "height", 480L }, { "maxFrameRate", 25L } },
        new("LiveParams") { { "id", 35L }, { "tags", "web,mbr,optional_flavor" }, { "videoCodec", "h264h" }, { "videoBitrate", 2_500L }, { "audioCodec", "aac" }, { "audioBitrate", 128L }, { "height", 720L } },
        new("LiveParams") { { "id", 42L }, { "tags", "ingest,web" }, { "streamSuffix", "2" }, { "videoCodec", "copy" }, { "audioCodec", "copy" } },
    ];

    [Theory]
    [InlineData("a-source-no-extra", "1", "")]
    [InlineData("b-source-720p-2500k-aac", "1", """{"videodatarate":"2500","audiodatarate":"128","width":"1280","height":"720","framerate":"30","videocodecidstring":"H264","audiocodecidstring":"AAC"}""")]
    [InlineData("c-source-1080p-6000k", "1", """{"videodatarate":"6000","width":"1920","height":"1080","framerate":"50","audiocodecidstring":"AAC"}""")]
    [InlineData("d-second-ingest", "2", """{"audiocodecidstring":"AAC"}""")]
    [InlineData("e-gpu", "1", """{"gpu":"true"}""")]
    public void The_template_is_that_of_the_sample(string sample, string suffix, string extra)
    {
        var input = Flavors.First(flavor => flavor.Text("streamSuffix") == suffix);
        var made = new TranscodingTemplate("0_rkij47dr", input, IngestFacts.Parse(extra)).Make(Flavors, flavor => flavor.Words("tags").Contains("ingest"));
        var expected = XDocument.Load(Path.Combine(AppContext.BaseDirectory, $"Platform/template-{sample}.xml"));
        Assert.Equal(expected.Root!.ToString(SaveOptions.DisableFormatting), XDocument.Parse(made).Root!.ToString(SaveOptions.DisableFormatting));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("[1]")]
    [InlineData("""{"width":{"a":[[[[[]]]]]}}""")]
    [InlineData("""{"width":"-5","framerate":"NaN"}""")]
    public void What_an_encoder_says_in_vain_is_as_if_it_said_nothing(string extra) => Assert.Equal(new IngestFacts(null, null, null, null, false, false), IngestFacts.Parse(extra));
}
