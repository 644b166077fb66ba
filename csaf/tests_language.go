package csaf

import (
	"fmt"
	"strings"
)

// languages is 6.1.12, as far as CheckLang goes.
func (c *checker) languages() {
	for _, l := range []struct{ name, tag string }{
		{"lang", c.doc.Document.Lang}, {"source_lang", c.doc.Document.SourceLang},
	} {
		if err := CheckLang(l.tag); err != nil {
			c.wrong(atDocument.key(l.name), "is %s, and %v", brief(l.tag), err)
		}
	}
}

// CheckLang says which subtag of a language tag (BCP 47) is known to be none: a
// two-letter language or a two-letter region. It does not judge the tag's form,
// nor three-letter languages, scripts and variants; an empty tag is fine.
func CheckLang(tag string) error {
	language, rest, _ := strings.Cut(strings.ToLower(tag), "-")
	if len(language) == 2 && !listed(languages, language) {
		return fmt.Errorf("%s is no language", brief(language))
	}
	if len(language) < 2 {
		return nil // private use, or registered as a whole
	}
	for _, part := range strings.Split(rest, "-") {
		switch {
		case len(part) == 2:
			if !listed(regions, part) {
				return fmt.Errorf("%s is no region", brief(part))
			}
			return nil
		case len(part) != 3 && len(part) != 4 || part[0] >= '0' && part[0] <= '9':
			return nil // no region by letters follows
		}
	}
	return nil
}

func listed(table, code string) bool { return strings.Contains(table, " "+code+" ") }

// ISO 639-1, as in the IANA registry of language subtags.
const languages = " aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io is it iu iw ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu "

// ISO 3166-1, with what the same registry has besides: codes that are reserved,
// withdrawn or for private use. UK is not among them; it is GB.
const regions = " aa ac ad ae af ag ai al am an ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bu bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cp cq cr cs cu cv cw cx cy cz dd de dg dj dk dm do dz ea ec ee eg eh er es et eu ez fi fj fk fm fo fr fx ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu ic id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nt nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa qm qn qo qp qq qr qs qt qu qv qw qx qy qz re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz ta tc td tf tg th tj tk tl tm tn to tp tr tt tv tw tz ua ug um un us uy uz va vc ve vg vi vn vu wf ws xa xb xc xd xe xf xg xh xi xj xk xl xm xn xo xp xq xr xs xt xu xv xw xx xy xz yd ye yt yu za zm zr zw zz "
