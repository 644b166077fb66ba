package assess

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/device"
)

// An Environment is the second half of step 2: what the deployment of this
// product takes away from the readiness with which it can be exploited. The base
// vector stays as it is; what is taken away stands in the modified metrics, each
// on a ground.
type Environment struct {
	Step
	// Exposure is the network of the deployment, copied from it.
	Exposure device.Network `json:"exposure,omitempty"`
	// Privileges says which privileges an attacker needs there, and Path how an
	// attack reaches the component, or why none does. Both are required.
	Privileges string `json:"privileges"`
	Path       string `json:"path"`
	// NoPath says that there is no network path: not exploitable for lack of one.
	// It takes a deployment that is isolated and a ground that says so.
	NoPath bool `json:"no_path,omitempty"`
	// Grounds are what the modified metrics rest on.
	Grounds []Ground `json:"grounds,omitempty"`
	// Vector is the base vector with the modified metrics; Subscore its
	// exploitability subscore with them, not rounded; Band the level that gives.
	Vector   cvss.Vector `json:"vector"`
	Subscore float64     `json:"subscore"`
	Band     Level       `json:"band"`
	// Deployment is a digest of what is alike in equivalent deployments; see
	// Inconsistencies.
	Deployment string `json:"deployment"`
}

// A Ground is one fact of the deployment that makes an attack harder, and the
// modified metrics that say so. The caller fills in Name, Why and Sets.
type Ground struct {
	// Name is device.NetworkControl, for the network that the deployment states,
	// or the id of one of its compensating controls.
	Name string     `json:"name"`
	Why  string     `json:"why"`
	Sets []Modified `json:"sets"`
	// Network and Control are copies of what was credited. A control is an
	// assumption: with its operator, its verification, and when that expires.
	Network device.Network  `json:"network,omitempty"`
	Control *device.Control `json:"control,omitempty"`
}

// Modified is one modified base metric of CVSS v3.
type Modified struct {
	Metric string `json:"metric"` // "MAV", "MAC", "MPR", "MUI" or "MS"
	Value  string `json:"value"`
}

// order lists the values of the exploitability metrics, the readiest first.
var order = map[string]string{"AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "CU"}

// reach lists the networks, the narrowest first.
var reach = []device.Network{device.Isolated, device.Segmented, device.Facility, device.Internet}

// WithEnvironment returns a with step 2 completed by the deployment d; it follows
// WithExploitability and takes away the steps after. m must be the matrix of step
// 2 (nil is DefaultMatrix).
//
// A ground only makes an attack harder: what raises is a Raise. A compensating
// control must be one of d and be verified and not expired at e.At, else it is
// not credited and that is an error. Exploitation in the wild and the raises of
// step 2 count as before, whatever the deployment: nothing here lowers those. EPSS
// has no part in it.
func (a Assessment) WithEnvironment(e Environment, d device.Deployment, m *Matrix) (Assessment, error) {
	if err := a.within(ImpactJudged); err != nil {
		return a, err
	}
	m, err := m.or()
	if err != nil {
		return a, err
	}
	if m.digest != a.Exploitability.Matrix {
		return a, fmt.Errorf("assess: environment: matrix %q is not the one of the exploitability step; do that step again", m.Name())
	}
	s, err := e.Step.proven("environment")
	if err != nil {
		return a, err
	}
	if err := d.Validate(); err != nil {
		return a, fmt.Errorf("assess: environment: %w", err)
	}
	e.Step, e.Exposure, e.Deployment = s, d.Network, deploymentDigest(d)
	e.Grounds = slices.Clone(e.Grounds)
	for i, g := range e.Grounds {
		if e.Grounds[i], err = g.credit(d, e); err != nil {
			return a, err
		}
	}
	x := *a.Exploitability
	if e.Vector, e.Subscore, err = modified(x.Vector, e.Grounds); err != nil {
		return a, err
	}
	e.Band = m.Level(e.Subscore)
	if err := e.check(x); err != nil {
		return a, err
	}
	x.Environment = &e
	x.Level, x.Derived = x.raised(e.Band), x.Derived+e.derived()
	a.Exploitability, a.Impact, a.Score, a.Determination = &x, nil, nil, nil
	return a, nil
}

// credit returns g with what it rests on in d, if that may be counted on.
func (g Ground) credit(d device.Deployment, e Environment) (Ground, error) {
	g.Network, g.Control, g.Sets = "", nil, slices.Clone(g.Sets)
	if g.Name == device.NetworkControl {
		g.Network = d.Network
		if d.Network == device.Isolated && g.away() {
			if why := way(d); why != "" {
				return g, fmt.Errorf("assess: environment: the network takes no path away: %s", why)
			}
		}
		return g, nil
	}
	i := slices.IndexFunc(d.Controls, func(c device.Control) bool { return c.ID == g.Name })
	if i < 0 {
		return g, fmt.Errorf("assess: environment: ground %q is neither the network nor a control of the deployment", g.Name)
	}
	c := d.Controls[i]
	if ok, why := c.InForce(e.At); !ok {
		return g, fmt.Errorf("assess: environment: not credited: %s", why)
	}
	c.At, c.Expires = micro(c.At), micro(c.Expires)
	g.Control = &c
	return g, nil
}

// way says by which interface of d an attacker could reach the device without being
// at it, although it is on no network, or nothing: by a radio, by one that speaks IP,
// or by one of which that is not known. What is wired and does not speak IP is none.
func way(d device.Deployment) string {
	for _, i := range FactsOf(device.Deployment{Interfaces: d.Interfaces}).Interfaces {
		switch {
		case i.Wireless != nil && *i.Wireless:
			return fmt.Sprintf("interface %q is a radio", i.Name)
		case i.Layer == rubric.IP:
			return fmt.Sprintf("interface %q speaks IP: MAV:A at the most", i.Name)
		case i.Layer == "" && i.Wireless == nil:
			return fmt.Sprintf("of interface %q it is not known what it speaks, nor whether it is wired", i.Name)
		}
	}
	return ""
}

// away reports whether g says that an attacker must be at the device, or that
// nobody reaches it at all.
func (g Ground) away() bool {
	return g.Network == device.Isolated && len(g.Sets) == 0 || slices.ContainsFunc(g.Sets, func(s Modified) bool { return s.Metric == "MAV" && (s.Value == "L" || s.Value == "P") })
}

// derived says in words what the environment does.
func (e Environment) derived() string {
	text := fmt.Sprintf("; in this deployment subscore %.2f of %s is %s", e.Subscore, e.Vector, e.Band)
	if e.NoPath {
		text += ": not exploitable for lack of a network path"
	}
	for _, g := range e.Grounds {
		text += "; " + g.words()
	}
	return text
}

func (g Ground) words() string {
	var sets []string
	for _, s := range g.Sets {
		sets = append(sets, s.Metric+":"+s.Value)
	}
	on := fmt.Sprintf("the network is %s", g.Network)
	if c := g.Control; c != nil {
		on = fmt.Sprintf("control %q of the %s, until %s", c.ID, c.Operator, c.Expires.Format("2006-01-02"))
	}
	if len(sets) == 0 {
		return "rests on " + on
	}
	return fmt.Sprintf("%s on %s: %s", strings.Join(sets, " "), on, g.Why)
}

// check says what is wrong with e, which completes x.
func (e Environment) check(x Exploitability) error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("assess: environment: "+format, args...))
	}
	if blank(e.Privileges) || blank(e.Path) {
		fail("privileges or attack path are not said")
	}
	if !e.Exposure.Valid() || e.Deployment == "" {
		fail("exposure %q or the digest of the deployment is missing", e.Exposure)
	}
	if len(e.Grounds) > maxGrounds {
		fail("%d grounds are more than %d", len(e.Grounds), maxGrounds)
	}
	seen := map[string]bool{}
	for _, g := range e.Grounds {
		if seen[g.Name] {
			fail("ground %q is there twice", g.Name)
		}
		seen[g.Name] = true
		if blank(g.Why) || len(g.Sets) == 0 {
			fail("ground %q has no reason or sets no metric", g.Name)
		}
		switch {
		case g.Name == device.NetworkControl:
			if g.Control != nil || g.Network != e.Exposure || g.Network != device.Isolated && g.Network != device.Segmented {
				fail("the network %q takes nothing away: only one that is isolated or segmented does", g.Network)
			} else if g.Network == device.Segmented && g.away() {
				fail("a network that is segmented leaves an attacker in the segment: MAV:A at the most")
			}
		case g.Control == nil || g.Control.ID != g.Name || g.Network != "":
			fail("ground %q names no control", g.Name)
		default:
			if ok, why := g.Control.InForce(e.At); !ok {
				fail("not credited: %s", why)
			}
		}
		for _, s := range g.Sets {
			metric, values := strings.TrimPrefix(s.Metric, "M"), order[strings.TrimPrefix(s.Metric, "M")]
			at := strings.Index(values, s.Value)
			if values == "" || !strings.HasPrefix(s.Metric, "M") || len(s.Value) != 1 || at < 0 {
				fail("ground %q: %s:%s is no modified exploitability metric", g.Name, s.Metric, s.Value)
			} else if at < strings.Index(values, x.Vector.Get(metric)) {
				fail("ground %q: %s:%s makes an attack easier than %s; use a raise", g.Name, s.Metric, s.Value, x.Vector)
			}
		}
	}
	if e.NoPath {
		av := e.Vector.Get("MAV")
		if e.Exposure != device.Isolated || !seen[device.NetworkControl] || av != "L" && av != "P" {
			fail("no network path: it takes a deployment that is isolated, a ground that says so, and MAV:L or MAV:P")
		}
	}
	return errors.Join(errs...)
}

// modified returns base with the metrics that the grounds modify, and its
// exploitability subscore with them. Of two grounds for one metric the harder
// counts.
func modified(base cvss.Vector, grounds []Ground) (cvss.Vector, float64, error) {
	v, plain := base, base
	for _, metric := range exploitMetrics {
		value, set := base.Get(metric), false
		for _, g := range grounds {
			for _, s := range g.Sets {
				if s.Metric == "M"+metric && (!set || strings.Index(order[metric], s.Value) > strings.Index(order[metric], value)) {
					value, set = s.Value, true
				}
			}
		}
		if !set {
			continue
		}
		var err error
		if v, err = v.With("M"+metric, value); err == nil {
			plain, err = plain.With(metric, value)
		}
		if err != nil {
			return v, 0, fmt.Errorf("assess: environment: %w", err)
		}
	}
	return v, plain.Exploitability(), nil
}

// raised is the level that counts: the highest of band and all raises.
func (x Exploitability) raised(band Level) Level {
	for _, r := range x.Raises {
		band = higher(band, r.To)
	}
	return band
}

// band is the level before any raise: that of the environment, where it was judged.
func (x Exploitability) band() Level {
	if x.Environment != nil {
		return x.Environment.Band
	}
	return x.Band
}

// deploymentDigest is the digest of what makes two deployments equivalent, by our
// own convention: the network, the protocols of the interfaces, the number of
// roles, the kinds of functions, and which controls by whom. Names and counts of
// patients do not count.
func deploymentDigest(d device.Deployment) string {
	var parts []string
	add := func(kind string, v ...any) {
		b, err := json.Marshal(v)
		if err != nil { // strings and numbers only: cannot happen
			b = []byte(fmt.Sprint(v...))
		}
		parts = append(parts, kind+string(b))
	}
	add("network", d.Network)
	add("roles", len(d.Roles))
	for _, i := range FactsOf(device.Deployment{Interfaces: d.Interfaces}).Interfaces {
		radio := i.Wireless != nil && *i.Wireless
		add("interface", i.Layer, radio)
	}
	for _, f := range d.Functions {
		add("function", f.Kind, f.Essential)
	}
	for _, c := range d.Controls {
		add("control", c.ID, c.Operator)
	}
	slices.Sort(parts)
	return hexSum([]byte(strings.Join(slices.Compact(parts), "\n")))
}
