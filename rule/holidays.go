package rule

import (
	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/us"
)

// Holidays is a named set of days that are not work days. The zero value is
// not usable.
type Holidays struct {
	name string
	on   func(Date) (string, bool)
}

// Holiday returns the name of the holiday that is kept on d, if one is.
func (h Holidays) Holiday(d Date) (string, bool) {
	if h.on == nil {
		return "", false
	}
	return h.on(d)
}

// USFederal returns the federal holidays of the United States on the days on
// which they are observed: a Saturday's on Friday, a Sunday's on Monday. It
// does not know of Inauguration Day, nor of days closed by executive order;
// state those with [Dated] if they are to count. That FDA's work days are
// counted by this calendar is our own reading.
func USFederal() Holidays {
	return Holidays{name: "US federal holidays", on: func(d Date) (string, bool) {
		// The calendar counts by the day of its argument in the argument's own
		// zone: d is already the civil day, so noon of that day is handed over.
		c := cal.Calendar{Holidays: us.Holidays}
		_, observed, h := c.IsHoliday(d.noon())
		if !observed {
			return "", false
		}
		return h.Name, true
	}}
}

// Dated returns a set of single days, such as a plant's closing days, under
// a name that is shown with every clock that was counted by it.
func Dated(name string, days ...Date) Holidays {
	if name == "" {
		return Holidays{}
	}
	set := make(map[Date]bool, len(days))
	for _, d := range days {
		set[d] = true
	}
	return Holidays{name: name, on: func(d Date) (string, bool) {
		if !set[d] {
			return "", false
		}
		return name, true
	}}
}
