package main

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
)

// rows are what the devices and the technician say, by ring: the unit, its site,
// its state, whether somebody was there, how it is known and why. The state of the
// last row of the second ring is misspelled: nothing is known of that unit.
var rows = map[string][]string{
	"pilot": {
		"u1,site-a,offered,false,telemetry,", "u1,site-a,accepted,false,telemetry,", "u1,site-a,installed,false,telemetry,", "u1,site-a,verified,false,telemetry,",
		"u2,site-a,offered,false,telemetry,", "u2,site-a,installed,false,telemetry,", "u2,site-a,verified,false,telemetry,",
		"u3,site-a,offered,false,telemetry,", "u3,site-a,declined,false,call,in use with a patient",
	},
	"wide": {
		"u3,site-a,accepted,false,call,the patient went home", "u3,site-a,installed,false,telemetry,",
		"u4,site-b,offered,false,telemetry,", "u4,site-b,unreachable,false,call,not on the ward",
		"u6,site-c,installed,true,service report,", "u6,site-c,verified,true,service report,",
		"u5,site-b,instaled,false,mail,",
	},
}

// rollOut brings the release to the fleet, ring by ring, and reads what comes back.
func (r *run) rollOut(p patch.Plan) error {
	l := r.program.Ledger()
	out, _, err := patch.Rollouts.Latest(r.ctx, l, theRelease)
	if errors.Is(err, store.ErrNotFound) {
		out, err = r.planRollout(p)
	}
	if err != nil {
		return err
	}
	for i, ring := range out.Rings {
		if i == len(out.Opened()) {
			known, err := out.Tally(r.reports(), r.now())
			if err != nil {
				return err
			}
			if out, err = out.Do(patch.RolloutStep{By: release, At: r.now(), Open: ring.Name, Seen: known.Seen()}); err != nil {
				return err
			}
			if err := patch.SaveRollout(r.ctx, l, store.By{Who: release, Why: "ring " + ring.Name + " opened"}, out); err != nil {
				return err
			}
		}
		if err := r.receive(ring.Name); err != nil {
			return err
		}
	}
	return nil
}

// planRollout plans the rollout up to the 60-day mark of the plan and beyond.
func (r *run) planRollout(p patch.Plan) (patch.Rollout, error) {
	out := patch.Rollout{
		Release: theRelease, Fleet: fleet(), FollowUp: 30,
		Rings: []patch.Ring{{Name: "pilot"}, {Name: "wide", Share: 0.5}},
		Halt:  patch.HaltRule{Failures: 0.2, Tried: 2, Adverse: 1},
	}
	for _, c := range p.Clocks {
		if c.Rule == "fda-pm-60" {
			out.Day60 = c.Due
		}
	}
	out, err := patch.PlanRollout(out, release, r.now())
	if err != nil {
		return out, err
	}
	return out, patch.SaveRollout(r.ctx, r.program.Ledger(), store.By{Who: release, Why: "rollout planned: 3 customers, 6 devices, one by a visit"}, out)
}

// receive keeps the table of one ring as it comes in, with the reports in it that can
// be read, and tells of what could not.
func (r *run) receive(ring string) error {
	l, name := r.program.Ledger(), "reports of ring "+ring
	table, _, err := patch.Tables.Latest(r.ctx, l, name)
	if errors.Is(err, store.ErrNotFound) {
		text := "unit,site,state,visit,how,why,at\n"
		for _, row := range rows[ring] {
			text += row + "," + r.now().UTC().Format(time.RFC3339Nano) + "\n"
		}
		if table, _, err = patch.ReadTable(name, theRelease, "csv", text, r.now()); err == nil {
			err = patch.SaveTable(r.ctx, l, store.By{Who: technician, Why: fmt.Sprintf("table of reports received, ring %s: %d read", ring, table.Read)}, table)
		}
	}
	if err != nil {
		return err
	}
	for _, row := range table.Bad {
		r.say("  %s: line %d is not read, the others are: %s", table.Name, row.Line, row.Why)
	}
	for _, c := range table.Conflicts {
		r.say("  %s: unit %s at %s: %s", table.Name, c.Unit, strings.Join(c.Sites, ", "), c.Why)
	}
	return nil
}

// reports are all that the ledger holds of the release.
func (r *run) reports() iter.Seq2[patch.Report, error] {
	return patch.Reports.All(r.ctx, r.program.Ledger(), theRelease+" ")
}

// look is one look at the rollout.
type look struct {
	when string
	patch.Progress
}

// curve is how far the rollout was when each ring was opened, and when the last
// table was read, all as the ledger has it.
func (r *run) curve() ([]look, patch.Rollout, error) {
	l := r.program.Ledger()
	out, _, err := patch.Rollouts.Latest(r.ctx, l, theRelease)
	if err != nil {
		return nil, out, err
	}
	var when []string
	var at []time.Time
	for _, s := range out.Steps {
		if s.Open != "" {
			when, at = append(when, "ring "+s.Open+" opened"), append(at, s.At)
		}
	}
	for e, err := range l.Trail(r.ctx, 0, store.Name{Kind: string(patch.Reports)}) {
		if err != nil {
			return nil, out, err
		}
		if len(at) == len(out.Opened()) {
			when, at = append(when, "last report read"), append(at, e.At)
		}
		at[len(at)-1] = e.At
	}
	points, err := out.Curve(r.reports(), at...)
	if err != nil {
		return nil, out, err
	}
	var looks []look
	for i, p := range points {
		looks = append(looks, look{when[i], p})
	}
	return looks, out, nil
}

// words says how many units are in which state; what is zero is left out.
func words(c patch.Counts) string {
	share, _ := c.UnknownShare()
	text := fmt.Sprintf("%d of %d have it", c.Done(), c.Units)
	for _, s := range []struct {
		name string
		n    int
	}{
		{"verified", c.Verified}, {"offered", c.Offered}, {"accepted", c.Accepted},
		{"declined", c.Declined}, {"unreachable", c.Unreachable}, {"failed", c.Failed},
	} {
		if s.n > 0 {
			text += fmt.Sprintf(", %d %s", s.n, s.name)
		}
	}
	return text + fmt.Sprintf("; unknown %d (%.1f %%)", c.Unknown, 100*share)
}

// rolloutRecord says how far the rollout is, as the plan asks for deployment.
func (r *run) rolloutRecord() (string, error) {
	looks, _, err := r.curve()
	if err != nil {
		return "", err
	}
	text := "The plan asks that half of the fleet has version 2.2, and every device without the station rule.\n"
	for _, l := range looks {
		text += l.when + ": " + words(l.Total) + "\n"
	}
	return text + "The device at site-c, which has no rule, was updated by a visit. What is open at site-b is followed up.", nil
}

func (r *run) effectiveness() (string, error) {
	looks, _, err := r.curve()
	if err != nil {
		return "", err
	}
	n := looks[len(looks)-1].Total.Verified
	return fmt.Sprintf("%d of %d devices that were verified refuse a client that leaves out CertificateVerify.", n, n), nil
}
