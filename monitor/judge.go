package monitor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

// reopen re-opens the decisions about p whose tripwires were tripped: by what the
// product is deployed in now, by time, or by what became known of findings. Those that
// count on a control which was verified anew are renewed first.
func (m *Monitor) reopen(ctx context.Context, p device.Product, findings []match.Finding, at time.Time) ([]assess.Trip, error) {
	if _, err := assess.RenewAll(ctx, m.c.Ledger, store.By{Who: m.c.Who, Why: "controls of " + p.ID + " were verified anew"}, p); err != nil {
		return nil, err
	}
	byKey := make(map[string]match.Finding, len(findings))
	for _, f := range findings {
		byKey[f.Key()] = f
	}
	by := store.By{Who: m.c.Who, Why: "what decisions about " + p.ID + " rest on is no longer so"}
	return assess.ReopenTripped(ctx, m.c.Ledger, by, p, byKey, at, func(tx *store.Tx, trips []assess.Trip) error {
		var lines, about, ids []string
		var marks []tlp.Mark
		for _, t := range trips {
			a := t.Assessment
			lines = append(lines, "re-opened: "+t.String())
			about = append(about, string(assess.Assessments)+"/"+a.Finding)
			ids = append(ids, string(a.Vulnerability))
			marks = append(marks, a.Facts.Mark)
			if f, ok := byKey[a.Finding]; ok {
				marks = append(marks, f.Mark) // what became known may be under a stricter label
			}
		}
		return m.put(tx, p.ID, fmt.Sprintf("%s: decisions re-opened: %d", p.ID, len(trips)), lines, about, ids, marks, tx.At())
	})
}

// reconcile looks for judgments that differ although flaw and deployment do not.
func (m *Monitor) reconcile(ctx context.Context) ([]assess.Inconsistency, error) {
	by := store.By{Who: m.c.Who, Why: "judgments held against each other"}
	return assess.Reconcile(ctx, m.c.Ledger, by, func(tx *store.Tx, differ []assess.Inconsistency) error {
		var lines, about, ids []string
		var marks []tlp.Mark
		for _, i := range differ {
			lines = append(lines, "for a reviewer: "+i.String())
			about = append(about, string(assess.Inconsistencies)+"/"+i.Key())
			ids = append(ids, string(i.Vulnerability))
			for _, j := range i.Judged {
				a, err := assess.Assessments.Get(tx, j.Finding)
				if err != nil {
					return err
				}
				marks = append(marks, a.Facts.Mark)
			}
		}
		return m.put(tx, everything, fmt.Sprintf("judgments that differ: %d", len(differ)), lines, about, ids, marks, tx.At())
	})
}

// put puts a message into the box of what it is about, in the act that it tells of.
// Its ID is the same for the same lines at the same instant.
func (m *Monitor) put(tx *store.Tx, box, subject string, lines, about, ids []string, marks []tlp.Mark, at time.Time) error {
	if m.c.Notify == nil {
		return nil
	}
	body := strings.Join(lines, "\n")
	sum := sha256.Sum256([]byte(box + "\x00" + at.Format(time.RFC3339Nano) + "\x00" + body))
	return m.outbox().Put(tx, boxes+box, notify.Parcel{To: tlp.Internal, IDs: ids, Message: notify.Message{
		ID: "monitor-" + hex.EncodeToString(sum[:12]), Subject: subject, Body: body, About: about, Mark: tlp.Join(marks...), At: at,
	}})
}
