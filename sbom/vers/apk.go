package vers

// Elements of an apk key. Where two versions go on differently, apk-tools takes
// the one with the earlier kind of part as the later version, but for suffixes
// that announce a version.
const (
	apkBefore   = 0x01 // + the place of the suffix
	apkDone     = 0x10
	apkRevision = 0x11
	apkHash     = 0x12
	apkCount    = 0x13
	apkAfter    = 0x14 // + the place of the suffix
	apkLetter   = 0x20
	apkZeroed   = 0x21 // a number that begins with 0 compares as a text
	apkNumber   = 0x22
)

// appendApk is the order of apk-tools: number{.number}…{letter{number}}{_suffix{number}}…{~hash}{-r#}.
func appendApk(b []byte, s string) ([]byte, string) {
	i := digits(s, 0)
	if i == 0 {
		return nil, notVersion
	}
	b = appendNumber(b, 0x00, s[:i])
	for i < len(s) && s[i] == '.' {
		j := digits(s, i+1)
		if j == i+1 {
			return nil, notVersion
		}
		b = appendFraction(b, s[i+1:j])
		i = j
	}
	if i < len(s) && 'a' <= s[i] && s[i] <= 'z' {
		b = append(b, apkLetter, s[i])
		i++
		if j := digits(s, i); j > i { // 5.1p1, as old packages have it
			b = appendFraction(b, s[i:j])
			i = j
		}
	}
	for i < len(s) && s[i] == '_' {
		j := letters(s, i+1)
		suffix := apkSuffix(s[i+1 : j])
		if suffix == 0 {
			return nil, "holds a suffix that apk does not know"
		}
		b = append(b, suffix)
		i = j
		if j = digits(s, i); j > i {
			b = appendNumber(append(b, apkCount), 0x00, s[i:j])
			i = j
		}
	}
	if i < len(s) && s[i] == '~' {
		j := i + 1
		for j < len(s) && (isDigit(s[j]) || 'a' <= s[j] && s[j] <= 'f') {
			j++
		}
		if j == i+1 {
			return nil, notVersion
		}
		b = append(b, apkHash)
		b = append(append(b, s[i+1:j]...), 0)
		i = j
	}
	if i+2 < len(s) && s[i:i+2] == "-r" {
		if j := digits(s, i+2); j > i+2 {
			b = appendNumber(append(b, apkRevision), 0x00, s[i+2:j])
			i = j
		}
	}
	if i < len(s) {
		return nil, notVersion
	}
	return append(b, apkDone), ""
}

func appendFraction(b []byte, number string) []byte {
	if number[0] == '0' {
		b = append(b, apkZeroed)
		return append(append(b, number...), 0)
	}
	return appendNumber(b, apkNumber, number)
}

func apkSuffix(s string) byte {
	switch s {
	case "alpha":
		return apkBefore
	case "beta":
		return apkBefore + 1
	case "pre":
		return apkBefore + 2
	case "rc":
		return apkBefore + 3
	case "cvs":
		return apkAfter
	case "svn":
		return apkAfter + 1
	case "git":
		return apkAfter + 2
	case "hg":
		return apkAfter + 3
	case "p":
		return apkAfter + 4
	}
	return 0
}
