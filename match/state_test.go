package match_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
)

func day(n int) time.Time { return time.Date(2026, 3, n, 8, 0, 0, 0, time.UTC) }

func TestStateKeepsWhenAFindingWasFirstSeen(t *testing.T) {
	t.Parallel()
	f := match.Finding{Product: "p", Coordinate: "pkg:npm/x", Vulnerability: "CVE-2022-0001", IDs: []feeds.ID{"CVE-2022-0001"}}
	g := match.Finding{Product: "p", Coordinate: "pkg:npm/x", Vulnerability: "CVE-2022-0002", IDs: []feeds.ID{"CVE-2022-0002"}}

	s, events := match.State{}.Next("p", []match.Finding{f}, 1, day(1))
	require.Len(t, events, 1)
	require.Equal(t, match.Appeared, events[0].Change)

	again := []match.Finding{f}
	same, events := s.Next("p", again, 2, day(2))
	require.Empty(t, events)
	require.Equal(t, s, same, "nothing is written when nothing changed")
	require.Equal(t, day(1), again[0].Seen)

	s, events = s.Next("p", []match.Finding{g}, 3, day(3))
	require.Equal(t, []match.Change{match.Appeared, match.Withdrawn}, []match.Change{events[0].Change, events[1].Change})

	back := []match.Finding{f, g}
	s, events = s.Next("p", back, 4, day(4))
	require.Len(t, events, 1)
	require.Equal(t, match.Appeared, events[0].Change)
	require.Equal(t, day(1), back[0].Seen, "one that comes back was seen before")
	require.Equal(t, day(3), back[1].Seen)

	changed := []match.Finding{f, g}
	changed[0].Instances = []match.Instance{{Component: match.Component{Ref: "x"}}}
	_, events = s.Next("p", changed, 5, day(5))
	require.Len(t, events, 1)
	require.Equal(t, match.Reasoned, events[0].Change)
}

func TestAFindingThatGetsACVEIdIsTheSameFinding(t *testing.T) {
	t.Parallel()
	f := match.Finding{Product: "p", Coordinate: "pkg:npm/x", Vulnerability: "GHSA-1", IDs: []feeds.ID{"GHSA-1"}}
	s, _ := match.State{}.Next("p", []match.Finding{f}, 1, day(1))
	f.Vulnerability, f.IDs = "CVE-2022-0001", []feeds.ID{"CVE-2022-0001", "GHSA-1"}
	named := []match.Finding{f}
	_, events := s.Next("p", named, 2, day(2))
	require.Len(t, events, 1)
	require.Equal(t, match.Renamed, events[0].Change)
	require.Equal(t, feeds.ID("GHSA-1"), events[0].From)
	require.Equal(t, day(1), named[0].Seen)

	other := match.Finding{Product: "p", Coordinate: "pkg:npm/x", Vulnerability: "CVE-2022-0002", IDs: []feeds.ID{"CVE-2022-0002", "GHSA-1"}}
	first := match.Finding{Product: "p", Coordinate: "pkg:npm/x", Vulnerability: "CVE-2022-0001", IDs: []feeds.ID{"CVE-2022-0001", "GHSA-1"}}
	s, _ = match.State{}.Next("p", []match.Finding{first}, 1, day(1))
	_, events = s.Next("p", []match.Finding{first, other}, 2, day(2))
	require.Len(t, events, 1)
	require.Equal(t, match.Appeared, events[0].Change, "two CVE ids are never one vulnerability")
}

func TestSeenIsThatOfTheEarliestName(t *testing.T) {
	t.Parallel()
	f := func(id feeds.ID, ids ...feeds.ID) match.Finding {
		return match.Finding{Product: "p", Coordinate: "pkg:npm/x", Vulnerability: id, IDs: append([]feeds.ID{id}, ids...)}
	}
	s, _ := match.State{}.Next("p", []match.Finding{f("GHSA-1")}, 1, day(1))
	s, _ = s.Next("p", []match.Finding{f("GHSA-1"), f("CVE-2020-0001")}, 2, day(6))
	joined := []match.Finding{f("CVE-2020-0001", "GHSA-1")}
	s, events := s.Next("p", joined, 3, day(7))
	require.Equal(t, day(1), joined[0].Seen, "an alias that joins brings its own day")
	require.Contains(t, changes(events), match.Renamed)
	require.NotContains(t, changes(events), match.Withdrawn)

	apart := []match.Finding{f("GHSA-1")}
	_, events = s.Next("p", apart, 4, day(9))
	require.Equal(t, day(1), apart[0].Seen, "an alias that leaves keeps it")
	require.Equal(t, []match.Change{match.Renamed}, changes(events))
}

func changes(events []match.Event) []match.Change {
	var out []match.Change
	for _, e := range events {
		out = append(out, e.Change)
	}
	return out
}
