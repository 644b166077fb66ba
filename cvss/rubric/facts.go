package rubric

// Facts are what is known of a device without any vulnerability in mind, as far
// as the questions ask for it. Every zero value means "not stated", never "no".
type Facts struct {
	// Interfaces are ways into the device.
	Interfaces []Interface `json:"interfaces,omitempty"`
	// AllInterfaces says that there is no way in besides Interfaces. Without
	// it, that something is not among them proposes nothing.
	AllInterfaces bool          `json:"allInterfaces,omitempty"`
	Authorization Authorization `json:"authorization,omitzero"`
	// Functions are what the device does and holds.
	Functions []Function `json:"functions,omitempty"`
	// AllFunctions says that the device does and holds nothing besides
	// Functions.
	AllFunctions bool `json:"allFunctions,omitempty"`
	// Patients is how many people's data one attack can read or, when PerDevice
	// is set, how many one device holds; nil is not stated.
	Patients *int `json:"patients,omitempty"`
	// PerDevice says that Patients is what one device holds.
	PerDevice bool `json:"perDevice,omitempty"`
}

// A Layer says what carries an interface. The zero value is not stated.
type Layer string

// The layers.
const (
	IP         Layer = "ip"          // TCP, UDP or another protocol over IP: OSI layers 3 and 4
	NonIP      Layer = "non-ip"      // another communication protocol, on a cable or by radio
	NoProtocol Layer = "no-protocol" // no communication: controls, a display, something to open
)

// Valid reports whether l is one of the layers.
func (l Layer) Valid() bool { return l == IP || l == NonIP || l == NoProtocol }

// An Interface is one way into the device.
type Interface struct {
	Name     string  `json:"name"`
	Layer    Layer   `json:"layer,omitempty"`
	Wireless *bool   `json:"wireless,omitempty"`
	Range    float64 `json:"range,omitempty"` // reach of a wireless link in meters; 0 = not stated
	Contact  *bool   `json:"contact,omitempty"`
	// Operating says that people operate the device by it, by hand.
	Operating *bool `json:"operating,omitempty"`
}

// Authorization is what the device asks of those who use it.
type Authorization struct {
	// Roles are the kinds of user that have different privileges; one name
	// means that all may do the same.
	Roles []string `json:"roles,omitempty"`
	// Required says that nothing can be done without an authorization.
	Required *bool `json:"required,omitempty"`
	// Privileged says that nothing can be done without that of an
	// administrator, a maintainer or the system.
	Privileged *bool `json:"privileged,omitempty"`
}

// A Function is something the device does or holds.
type Function struct {
	Name     string   `json:"name"`
	Category Category `json:"category"`
	// Essential says that losing it or having it wrong loses essential
	// performance.
	Essential bool `json:"essential,omitempty"`
}

// A Category is one of the six kinds of data and functions that the impact
// questions go through. The zero value is not stated.
type Category string

// The categories, in the order of the questions.
const (
	Records   Category = "records"   // PHI and PII
	Diagnosis Category = "diagnosis" // diagnosis or monitoring
	Therapy   Category = "therapy"   // delivery of therapy
	Workflow  Category = "workflow"  // clinical workflow
	System    Category = "system"    // private data of the system and its users
	Other     Category = "other"     // critical or sensitive in another way
)

// Valid reports whether c is one of the six.
func (c Category) Valid() bool {
	_, ok := letters[c]
	return ok
}

// letters end the ids of a category's questions.
var letters = map[Category]string{Records: "P", Diagnosis: "D", Therapy: "T", Workflow: "W", System: "S", Other: "O"}

// breach is the number of patients that XCPM asks about.
const breach = 500

// near is the wireless range in meters up to which XAVR is Yes: 10 feet.
const near = 3.048
