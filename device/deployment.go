package device

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/internal/strictjson"
)

//go:embed deployment.template.json
var template embed.FS

// DeploymentTemplate returns a deployment to be filled in, as a JSON file: every
// fact has its place, with an invented example. [ReadDeployment] reads it.
func DeploymentTemplate() ([]byte, error) { return fs.ReadFile(template, "deployment.template.json") }

// ReadDeployment reads the deployment facts in the file name of fsys, in the form
// of [DeploymentTemplate]. It is strict: a field that is not known or given twice,
// and a word of no meaning, are errors.
func ReadDeployment(fsys fs.FS, name string) (Deployment, error) {
	var d Deployment
	if _, err := strictjson.Read(fsys, name, &d); err != nil {
		return Deployment{}, fmt.Errorf("device: deployment %q: %w", name, err)
	}
	if err := d.Validate(); err != nil {
		return Deployment{}, fmt.Errorf("device: deployment %q: %w", name, err)
	}
	return d, nil
}

// A Deployment holds the facts of how the device is used in the field. Every
// zero value means "not stated", never "no".
type Deployment struct {
	// Network says what the device is connected to.
	Network Network `json:"network,omitempty"`
	// Interfaces are the ways into the device.
	Interfaces []Interface `json:"interfaces,omitempty"`
	// Roles are the kinds of user the device tells apart.
	Roles []string `json:"roles,omitempty"`
	// Users are who works with the device, and in which of Roles.
	Users []User `json:"users,omitempty"`
	// Functions are what the device does for the patient and the clinic.
	Functions []Function `json:"functions,omitempty"`
	// PatientRecords is how many people's data one device holds; nil means
	// not stated.
	PatientRecords *int `json:"patient_records,omitempty"`
	// EssentialPerformance says what must not be lost (IEC 60601-1), in the
	// maker's words; the functions that carry it are Essential.
	EssentialPerformance string `json:"essential_performance,omitempty"`
	// Data is what the device holds or sends.
	Data []Data `json:"data,omitempty"`
	// Hazards are those of the risk file that hang on a function.
	Hazards []Hazard `json:"hazards,omitempty"`
	// Controls are compensating controls; see [Control].
	Controls []Control `json:"controls,omitempty"`
}

// A User is a kind of person who works with the device.
type User struct {
	// Who they are ("ward nurse", "service technician"), never a name.
	Who string `json:"who"`
	// Role is one of the deployment's Roles.
	Role string `json:"role"`
	// Privileged is whether they may change settings, software or accounts; nil
	// is not stated.
	Privileged *bool `json:"privileged,omitempty"`
}

// Data is something the device holds or sends.
type Data struct {
	Name string `json:"name"`
	// Kind groups it as the functions are grouped.
	Kind Kind `json:"kind"`
	// Where is where it rests or goes ("flash, encrypted"); empty means not stated.
	Where string `json:"where,omitempty"`
}

// Network is the surrounding a device is used in.
type Network string

// The surroundings.
const (
	Isolated  Network = "isolated"  // no network at all
	Segmented Network = "segmented" // its own segment of the facility's network
	Facility  Network = "facility"  // the facility's network
	Internet  Network = "internet"  // reachable from the internet
)

// Valid reports whether n is one of the surroundings or not stated.
func (n Network) Valid() bool {
	return slices.Contains([]Network{"", Isolated, Segmented, Facility, Internet}, n)
}

// An Interface is one way into the device.
type Interface struct {
	// Name is the maker's name for it ("therapy settings").
	Name string `json:"name"`
	// Protocol is what is spoken ("TLS 1.3 with client certificates", "DTLS").
	Protocol string `json:"protocol,omitempty"`
	// Component is the name of the software component that serves it.
	Component string `json:"component,omitempty"`
	// Wireless is nil when not stated.
	Wireless *bool `json:"wireless,omitempty"`
	// RangeMeters is the reach of a wireless link; 0 means not stated.
	RangeMeters float64 `json:"range_meters,omitempty"`
	// Functions are the names of the functions reached through it.
	Functions []string `json:"functions,omitempty"`
}

// A Function is something the device does.
type Function struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Essential says that losing it loses essential performance (IEC 60601-1).
	Essential bool `json:"essential,omitempty"`
}

// Kind is what a function is for: the categories of impact of the MITRE rubric.
type Kind string

// The kinds of function.
const (
	Therapy   Kind = "therapy"
	Diagnosis Kind = "diagnosis" // diagnosis or monitoring
	Workflow  Kind = "workflow"  // clinical workflow
	Records   Kind = "records"   // PHI and PII
	System    Kind = "system"    // private data of the system and its users
	OtherKind Kind = "other"
)

// Valid reports whether k is one of the kinds.
func (k Kind) Valid() bool {
	return slices.Contains([]Kind{Therapy, Diagnosis, Workflow, Records, System, OtherKind}, k)
}

// Validate reports everything that is missing or wrong in d, at once. What is not
// stated is not wrong: see [Deployment.Missing].
func (d Deployment) Validate() error { return errors.Join(d.validate("")...) }

// validate reports what is wrong in d; id is that of its product.
func (d Deployment) validate(id string) []error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("device: product %q: "+format, append([]any{id}, args...)...))
	}
	if !d.Network.Valid() {
		bad("network %q is not known", d.Network)
	}
	if d.PatientRecords != nil && *d.PatientRecords < 0 {
		bad("a negative number of patient records")
	}
	known := map[string]bool{}
	for _, f := range d.Functions {
		if f.Name == "" || known[f.Name] {
			bad("a function without a name of its own (%q)", f.Name)
		}
		known[f.Name] = true
		if !f.Kind.Valid() {
			bad("function %q: kind %q is not known", f.Name, f.Kind)
		}
	}
	for _, i := range d.Interfaces {
		if i.Name == "" {
			bad("an interface without a name")
		}
		for _, f := range i.Functions {
			if !known[f] {
				bad("interface %q reaches function %q, which is not stated", i.Name, f)
			}
		}
	}
	for _, u := range d.Users {
		if strings.TrimSpace(u.Who) == "" || !slices.Contains(d.Roles, u.Role) {
			bad("user %q: no words, or role %q, which is not stated", u.Who, u.Role)
		}
	}
	for _, one := range d.Data {
		if strings.TrimSpace(one.Name) == "" || !one.Kind.Valid() {
			bad("data %q: no name, or kind %q, which is not known", one.Name, one.Kind)
		}
	}
	hazards := map[string]bool{}
	for _, h := range d.Hazards {
		if h.ID == "" || hazards[h.ID] {
			bad("a hazard without an id of its own (%q)", h.ID)
		}
		hazards[h.ID] = true
		if strings.TrimSpace(h.Harm) == "" || !h.Severity.Valid() {
			bad("hazard %q: harm %q or severity %q is not said", h.ID, h.Harm, h.Severity)
		}
		if len(h.Functions) == 0 {
			bad("hazard %q hangs on no function", h.ID)
		}
		for _, f := range h.Functions {
			if !known[f] {
				bad("hazard %q hangs on function %q, which is not stated", h.ID, f)
			}
		}
	}
	controls := map[string]bool{}
	for _, c := range d.Controls {
		if controls[c.ID] {
			bad("control %q is there twice", c.ID)
		}
		controls[c.ID] = true
		if err := c.Validate(); err != nil {
			bad("%w", err)
		}
	}
	return errs
}

// Missing lists the facts that d does not state and an assessment asks for. A
// list that is empty on purpose cannot be told from one that was forgotten.
func (d Deployment) Missing() []string {
	var out []string
	for _, f := range []struct {
		missing bool
		what    string
	}{
		{d.Network == "", "network"},
		{len(d.Interfaces) == 0, "interfaces"},
		{len(d.Roles) == 0, "roles"},
		{len(d.Users) == 0, "users"},
		{len(d.Functions) == 0, "functions"},
		{d.EssentialPerformance == "", "essential performance"},
		{len(d.Data) == 0, "data"},
		{d.PatientRecords == nil, "patient records"},
		{len(d.Hazards) == 0, "hazards"},
		{len(d.Controls) == 0, "controls"},
	} {
		if f.missing {
			out = append(out, f.what)
		}
	}
	return out
}

// Worst returns the most severe harm of the hazards that hang on any of the
// functions (all hazards when none is named), and these hazards. It is empty when
// there is none.
func (d Deployment) Worst(functions ...string) (Harm, []Hazard) {
	var worst Harm
	var of []Hazard
	for _, h := range d.Hazards {
		if len(functions) > 0 && !slices.ContainsFunc(h.Functions, func(f string) bool { return slices.Contains(functions, f) }) {
			continue
		}
		of = append(of, h)
		if !worst.AtLeast(h.Severity) {
			worst = h.Severity
		}
	}
	return worst, of
}
