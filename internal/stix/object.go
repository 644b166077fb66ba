package stix

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// An Object is one object of a bundle: a pointer to one of the structs of this
// package.
type Object interface {
	// Head returns the properties that all objects have.
	Head() *Common
}

// Common are the properties that objects share. Times are zero when not given.
type Common struct {
	Type        string    `json:"type"`
	SpecVersion string    `json:"spec_version"`
	ID          string    `json:"id"`
	CreatedBy   string    `json:"created_by_ref"`
	Created     time.Time `json:"created"`
	Modified    time.Time `json:"modified"`
	// Revoked says that the creator no longer holds the object to be valid.
	Revoked    bool                       `json:"revoked"`
	External   []ExternalReference        `json:"external_references"`
	Markings   []string                   `json:"object_marking_refs"`
	Granular   []GranularMarking          `json:"granular_markings"`
	Extensions map[string]json.RawMessage `json:"extensions"`
}

// Head returns c.
func (c *Common) Head() *Common { return c }

// An ExternalReference points to something outside of STIX: a CVE id, a page.
type ExternalReference struct {
	Source      string `json:"source_name"`
	Description string `json:"description"`
	URL         string `json:"url"`
	ID          string `json:"external_id"`
}

// A GranularMarking marks the properties that its selectors name. One that gives
// a language has no Marking.
type GranularMarking struct {
	Marking   string   `json:"marking_ref"`
	Selectors []string `json:"selectors"`
}

// A Vulnerability is a flaw.
type Vulnerability struct {
	Common
	Name        string `json:"name"`
	Description string `json:"description"`
}

// A Report is a collection of intelligence about a topic, and which objects it is of.
type Report struct {
	Common
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Types       []string  `json:"report_types"`
	Published   time.Time `json:"published"`
	Objects     []string  `json:"object_refs"`
}

// A Note adds words to other objects.
type Note struct {
	Common
	Abstract string   `json:"abstract"`
	Content  string   `json:"content"`
	Authors  []string `json:"authors"`
	Objects  []string `json:"object_refs"`
}

// An Identity is a person, an organization, a system or a class of these.
type Identity struct {
	Common
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Class       string   `json:"identity_class"`
	Sectors     []string `json:"sectors"`
}

// A Software is a product with at most one version.
type Software struct {
	Common
	Name    string `json:"name"`
	CPE     string `json:"cpe"`
	SWID    string `json:"swid"`
	Vendor  string `json:"vendor"`
	Version string `json:"version"`
}

// An Infrastructure is systems and services that serve a purpose.
type Infrastructure struct {
	Common
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Types       []string `json:"infrastructure_types"`
}

// A CourseOfAction is what can be done.
type CourseOfAction struct {
	Common
	Name        string `json:"name"`
	Description string `json:"description"`
}

// A Threat is who or what attacks: of type attack-pattern, campaign,
// intrusion-set, malware, threat-actor or tool.
type Threat struct {
	Common
	Name        string `json:"name"`
	Description string `json:"description"`
}

// A Relationship says how Source stands to Target.
type Relationship struct {
	Common
	Kind        string `json:"relationship_type"`
	Description string `json:"description"`
	Source      string `json:"source_ref"`
	Target      string `json:"target_ref"`
}

// A MarkingDefinition says what a marking means.
type MarkingDefinition struct {
	Common
	Name           string          `json:"name"`
	DefinitionType string          `json:"definition_type"`
	Definition     json.RawMessage `json:"definition"`
}

// An Other is an object of a type that is not read here: no more is known of it
// than its Type and ID, either of which may be empty.
type Other struct{ Common }

// makers make the objects that are read, by their types.
var makers = map[string]func() Object{
	"vulnerability":      func() Object { return &Vulnerability{} },
	"report":             func() Object { return &Report{} },
	"note":               func() Object { return &Note{} },
	"identity":           func() Object { return &Identity{} },
	"software":           func() Object { return &Software{} },
	"infrastructure":     func() Object { return &Infrastructure{} },
	"course-of-action":   func() Object { return &CourseOfAction{} },
	"relationship":       func() Object { return &Relationship{} },
	"marking-definition": func() Object { return &MarkingDefinition{} },
	"attack-pattern":     func() Object { return &Threat{} },
	"campaign":           func() Object { return &Threat{} },
	"intrusion-set":      func() Object { return &Threat{} },
	"malware":            func() Object { return &Threat{} },
	"threat-actor":       func() Object { return &Threat{} },
	"tool":               func() Object { return &Threat{} },
}

// Types returns the types of the objects that are read. The slice is the caller's.
func Types() []string {
	return []string{
		"vulnerability", "relationship", "marking-definition", "software", "infrastructure", "identity", "report", "note",
		"course-of-action", "attack-pattern", "campaign", "intrusion-set", "malware", "threat-actor", "tool",
	}
}

// A VersionError says that an object is not of STIX 2.1.
type VersionError struct {
	// Have is its spec_version as written; empty when it has none, as before 2.1.
	Have string
}

// Error says which version it is, as far as is known.
func (e *VersionError) Error() string {
	if e.Have == "" {
		return "no spec_version: an object of STIX 2.0 or older, which is not read"
	}
	return fmt.Sprintf("spec_version %q is not read, only 2.1", e.Have)
}

// Read reads one object. One of a type that is not needed is an [Other] whatever
// else it holds. With an error the Other tells the type and the id as far as they
// could be read: the error is a [*VersionError], or says what does not fit.
func Read(raw []byte) (Object, error) {
	other := &Other{}
	var head struct {
		Type string `json:"type"`
		ID   any    `json:"id"`
	}
	err := json.Unmarshal(raw, &head)
	id, _ := head.ID.(string)
	other.Type, other.ID = head.Type, id
	if err != nil {
		return other, err
	}
	if head.Type == "" {
		return other, errors.New("an object without a type")
	}
	maker, ok := makers[head.Type]
	if !ok {
		return other, nil
	}
	if prefix, rest, found := strings.Cut(id, "--"); !found || prefix != head.Type || rest == "" {
		return other, fmt.Errorf("the id %q is none of a %s", id, head.Type)
	}
	object := maker()
	if err := json.Unmarshal(raw, object); err != nil {
		// It may well be of an older version whose properties had other types.
		var version struct {
			SpecVersion *string `json:"spec_version"`
		}
		if json.Unmarshal(raw, &version) == nil && version.SpecVersion == nil && head.Type != "software" {
			return other, &VersionError{}
		}
		return other, err
	}
	if err := object.Head().check(); err != nil {
		return other, err
	}
	return object, nil
}

// check says why an object whose properties could be read is not taken.
func (c *Common) check() error {
	// A cyber-observable object is of 2.1 when it does not say otherwise.
	if v := c.SpecVersion; v == "" && c.Type != "software" || v != "" && (!strings.HasPrefix(v, "2.") || v == "2.0") {
		return &VersionError{Have: v}
	}
	if c.Modified.IsZero() && c.Type != "software" && c.Type != "marking-definition" {
		return errors.New("no modified: nobody can say which of two versions is newer")
	}
	for _, t := range []time.Time{c.Created, c.Modified} {
		if y := t.UTC().Year(); y < 1 || y > 9999 {
			return fmt.Errorf("a date in the year %d", y)
		}
	}
	return nil
}
