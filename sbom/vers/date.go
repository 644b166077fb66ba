package vers

import (
	"encoding/binary"
	"time"
)

// appendDay reads a day: year, month and day with or without one separator.
func appendDay(b []byte, s string) ([]byte, string) {
	year, month, date := "", "", ""
	switch {
	case len(s) == 8 && allDigits(s):
		year, month, date = s[:4], s[4:6], s[6:]
	case len(s) == 10 && s[4] == s[7] && (s[4] == '-' || s[4] == '.' || s[4] == '/' || s[4] == '_'):
		year, month, date = s[:4], s[5:7], s[8:]
	}
	if _, ok := calendar(year, month, date); !ok {
		return nil, "is not a day"
	}
	return append(append(append(b, year...), month...), date...), ""
}

// appendInstant reads an RFC 3339 timestamp: seconds since the epoch, then the
// fraction as written. A leap second comes after the second before it.
func appendInstant(b []byte, s string) ([]byte, string) {
	const why = "is not a timestamp of RFC 3339"
	if len(s) < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return nil, why
	}
	midnight, ok := calendar(s[:4], s[5:7], s[8:10])
	hour, ok1 := small(s[11:13], 23)
	minute, ok2 := small(s[14:16], 59)
	second, ok3 := small(s[17:19], 60)
	if !ok || !ok1 || !ok2 || !ok3 {
		return nil, why
	}
	i := 19
	fraction := ""
	if s[i] == '.' {
		j := digits(s, i+1)
		if j == i+1 || j == len(s) {
			return nil, why
		}
		fraction, i = s[i+1:j], j
	}
	offset := 0
	switch zone := s[i:]; {
	case zone == "Z":
	case len(zone) == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':':
		h, ok1 := small(zone[1:3], 23)
		m, ok2 := small(zone[4:6], 59)
		if !ok1 || !ok2 {
			return nil, why
		}
		if offset = h*60 + m; zone[0] == '-' {
			offset = -offset
		}
	default:
		return nil, why
	}
	leap := byte(0)
	if second == 60 {
		second, leap = 59, 1
	}
	at := midnight + int64(hour*3600+(minute-offset)*60+second)
	b = binary.BigEndian.AppendUint64(b, uint64(at)^1<<63) // negative before positive
	b = append(b, leap)
	for fraction != "" && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	return append(b, fraction...), ""
}

// calendar returns the first second of a day; it is not ok if there is no such day.
func calendar(year, month, date string) (int64, bool) {
	y, ok1 := small(year, 9999)
	m, ok2 := small(month, 12)
	d, ok3 := small(date, 31)
	if !ok1 || !ok2 || !ok3 || len(year) != 4 || len(month) != 2 || len(date) != 2 {
		return 0, false
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return t.Unix(), t.Day() == d && m > 0
}

// small reads a number of at most max.
func small(s string, max int) (int, bool) {
	if !allDigits(s) || len(s) > 4 {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n, n <= max
}
