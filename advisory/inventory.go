package advisory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A Device is one line of a facility's inventory. Empty is not known.
type Device struct {
	Line    int    `json:"line,omitempty"` // of the file, from 1
	UDIDI   string `json:"udi_di,omitempty"`
	Model   string `json:"model,omitempty"`
	Version string `json:"version,omitempty"`
	Serial  string `json:"serial,omitempty"`
}

const (
	maxInventory = 64 << 20
	maxDevices   = 1_000_000
)

// columns are the headings that are read, without case, spaces and signs.
var columns = map[string]func(*Device) *string{
	"udidi": func(d *Device) *string { return &d.UDIDI }, "udi": func(d *Device) *string { return &d.UDIDI },
	"deviceidentifier": func(d *Device) *string { return &d.UDIDI }, "gtin": func(d *Device) *string { return &d.UDIDI },
	"model": func(d *Device) *string { return &d.Model }, "modelnumber": func(d *Device) *string { return &d.Model },
	"version": func(d *Device) *string { return &d.Version }, "softwareversion": func(d *Device) *string { return &d.Version },
	"firmwareversion": func(d *Device) *string { return &d.Version }, "serial": func(d *Device) *string { return &d.Serial },
	"serialnumber": func(d *Device) *string { return &d.Serial },
}

// ReadInventory reads a facility's inventory: CSV with a heading, separated by
// commas, semicolons or tabs. The columns UDI-DI, model, version and serial are
// found by their headings in any order, others are passed over; there must be one
// for the UDI-DI or the model. A UDI in the form that people read, with (01) before
// the device identifier, gives that. A line that cannot be read is an error: a
// device that is left out would be taken for one that needs nothing. At most
// 64 MiB and a million devices are read.
func ReadInventory(r io.Reader) ([]Device, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxInventory+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("advisory: inventory: %w", err)
	case len(data) > maxInventory:
		return nil, fmt.Errorf("advisory: inventory: more than %d bytes", maxInventory)
	case !utf8.Valid(data):
		return nil, errors.New("advisory: inventory: not UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	first, _, _ := bytes.Cut(data, []byte("\n"))
	in := csv.NewReader(bytes.NewReader(data))
	in.ReuseRecord = true
	for _, sep := range ";\t" {
		if bytes.Count(first, []byte(string(sep))) > bytes.Count(first, []byte(string(in.Comma))) {
			in.Comma = sep
		}
	}
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("advisory: inventory: the heading: %w", err)
	}
	fields := make([]func(*Device) *string, len(head))
	var named Device
	for i, h := range head {
		field := columns[strings.Map(letter, h)]
		if field == nil {
			continue
		}
		if *field(&named) != "" {
			return nil, fmt.Errorf("advisory: inventory: the heading %q says the same as %q", h, *field(&named))
		}
		fields[i], *field(&named) = field, h
	}
	if named.UDIDI == "" && named.Model == "" {
		return nil, errors.New("advisory: inventory: there is no column for the UDI-DI or the model")
	}
	var out []Device
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("advisory: inventory: %w", err)
		}
		if len(out) == maxDevices {
			return nil, fmt.Errorf("advisory: inventory: more than %d devices", maxDevices)
		}
		var d Device
		for i, text := range row {
			if fields[i] != nil {
				*fields[i](&d) = strings.TrimSpace(strings.Clone(text))
			}
		}
		d.Line, _ = in.FieldPos(0)
		out = append(out, d)
	}
}

// letter keeps the letters of a heading, small.
func letter(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return r
	case r >= 'A' && r <= 'Z':
		return r + 'a' - 'A'
	}
	return -1
}

// gtin is a device identifier as it is compared: a GTIN of 14 digits, shorter ones
// filled up; one of another issuing agency as it is, in capitals.
func gtin(s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	if rest, ok := strings.CutPrefix(s, "(01)"); ok {
		if i := strings.IndexByte(rest, '('); i >= 0 {
			rest = rest[:i]
		}
		s = strings.TrimSpace(rest)
	}
	if n := len(s); (n == 8 || n == 12 || n == 13) && strings.Trim(s, "0123456789") == "" {
		return strings.Repeat("0", 14-n) + s
	}
	return s
}
