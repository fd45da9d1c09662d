using System.Collections.Frozen;

namespace Tributary.Media.Sets;

/// <summary>Languages by their codes of three letters (ISO 639-2, both the terminological and the bibliographic ones).</summary>
public static class LanguageCodes
{
    /// <summary>Whether there is a language of this code.</summary>
    public static bool IsKnown(string code) => Codes.ContainsKey(code);

    /// <summary>The code of two letters (ISO 639-1) of a language; the three letters where there is none.</summary>
    public static string Short(string code) => Codes.TryGetValue(code, out var two) && two.Length > 0 ? two : code;

    static readonly FrozenDictionary<string, string> Codes = Read();

    static FrozenDictionary<string, string> Read() => Table.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .ToFrozenDictionary(entry => entry[..3], entry => entry.Length > 4 ? entry[4..] : "");

    // Three letters, and after a colon the two letters where there are such.
    const string Table = """
        aar:aa abk:ab ace ach ada ady afa afh afr:af ain aka:ak akk alb:sq ale alg alt amh:am ang anp apa ara:ar arc arg:an
        arm:hy arn arp art arw asm:as ast ath aus ava:av ave:ae awa aym:ay aze:az bad bai bak:ba bal bam:bm ban baq:eu bas bat
        bej bel:be bem ben:bn ber bho bih:bh bik bin bis:bi bla bnt bod:bo bos:bs bra bre:br btk bua bug bul:bg bur:my byn cad
        cai car cat:ca cau ceb cel ces:cs cha:ch chb che:ce chg chi:zh chk chm chn cho chp chr chu:cu chv:cv chy cmc cnr cop
        cor:kw cos:co cpe cpf cpp cre:cr crh crp csb cus cym:cy cze:cs dak dan:da dar day del den deu:de dgr din div:dv doi
        dra dsb dua dum dut:nl dyu dzo:dz efi egy eka ell:el elx eng:en enm epo:eo est:et eus:eu ewe:ee ewo fan fao:fo fas:fa
        fat fij:fj fil fin:fi fiu fon fra:fr fre:fr frm fro frr frs fry:fy ful:ff fur gaa gay gba gem geo:ka ger:de gez gil
        gla:gd gle:ga glg:gl glv:gv gmh goh gon gor got grb grc gre:el grn:gn gsw guj:gu gwi hai hat:ht hau:ha haw heb:he
        her:hz hil him hin:hi hit hmn hmo:ho hrv:hr hsb hun:hu hup hye:hy iba ibo:ig ice:is ido:io iii:ii ijo iku:iu ile:ie
        ilo ina:ia inc ind:id ine inh ipk:ik ira iro isl:is ita:it jav:jv jbo jpn:ja jpr jrb kaa kab kac kal:kl kam kan:kn kar
        kas:ks kat:ka kau:kr kaw kaz:kk kbd kha khi khm:km kho kik:ki kin:rw kir:ky kmb kok kom:kv kon:kg kor:ko kos kpe krc
        krl kro kru kua:kj kum kur:ku kut lad lah lam lao:lo lat:la lav:lv lez lim:li lin:ln lit:lt lol loz ltz:lb lua lub:lu
        lug:lg lui lun luo lus mac:mk mad mag mah:mh mai mak mal:ml man mao:mi map mar:mr mas may:ms mdf mdr men mga mic min
        mis mkd:mk mkh mlg:mg mlt:mt mnc mni mno moh mon:mn mos mri:mi msa:ms mul mun mus mwl mwr mya:my myn myv nah nai nap
        nau:na nav:nv nbl:nr nde:nd ndo:ng nds nep:ne new nia nic niu nld:nl nno:nn nob:nb nog non nor:no nqo nso nub nwc
        nya:ny nym nyn nyo nzi oci:oc oji:oj ori:or orm:om osa oss:os ota oto paa pag pal pam pan:pa pap pau peo per:fa phi
        phn pli:pi pol:pl pon por:pt pra pro pus:ps que:qu raj rap rar roa roh:rm rom ron:ro rum:ro run:rn rup rus:ru sad
        sag:sg sah sai sal sam san:sa sas sat scn sco sel sem sga sgn shn sid sin:si sio sit sla slk:sk slo:sk slv:sl sma
        sme:se smi smj smn smo:sm sms sna:sn snd:sd snk sog som:so son sot:st spa:es sqi:sq srd:sc srn srp:sr srr ssa ssw:ss
        suk sun:su sus sux swa:sw swe:sv syc syr tah:ty tai tam:ta tat:tt tel:te tem ter tet tgk:tg tgl:tl tha:th tib:bo tig
        tir:ti tiv tkl tlh tli tmh tog ton:to tpi tsi tsn:tn tso:ts tuk:tk tum tup tur:tr tut tvl twi:tw tyv udm uga uig:ug
        ukr:uk umb und urd:ur uzb:uz vai ven:ve vie:vi vol:vo vot wak wal war was wel:cy wen wln:wa wol:wo xal xho:xh yao yap
        yid:yi yor:yo ypk zap zbl zen zgh zha:za zho:zh znd zul:zu zun zxx zza
        """;
}
