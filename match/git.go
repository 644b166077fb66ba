package match

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/vers"
)

// An Ancestry knows the history of source repositories. Ranges of commits cannot be
// evaluated without one, unless the version is a tag that the record lists or a commit that
// it names.
type Ancestry interface {
	// Contains reports whether commit, or the tag of that name, has ancestor in its
	// history (or is it). known is false when it cannot be told.
	Contains(repo, commit, ancestor string) (contains, known bool)
}

// inRepository says whether the component, which is named by its repository, is affected by what p
// states of it: by a listed version that is its tag, by a commit that it is or that
// it was made from, by the ancestry of its commit, or by a range of versions when
// its tag is a version.
func (p *pkg) inRepository(at sbom.Coordinate, i *item, id *identity, history Ancestry, explain bool) verdict {
	v := verdict{rule: "commit range", assumed: id.assumption()}
	return best(v, id, func(v verdict, s *stated) verdict {
		return p.tagged(v, at, i, id, s, history, explain)
	})
}

// tagged joins what the record says of one stated version: a commit that a range of commits
// holds, a version of the list, or one within a range of versions is affected; it is not only where
// all of them say so (OSV schema, evaluation).
func (p *pkg) tagged(v verdict, at sbom.Coordinate, i *item, id *identity, s *stated, history Ancestry, explain bool) verdict {
	tag := tagVersion(s.text, id.pkg.Name)
	var denied *verdict
	open := false
	for k := range p.git {
		g := &p.git[k]
		if g.at != at {
			continue
		}
		t := g.judge(v, i, s.text, history)
		t.leaf = cmpOr(p.name, g.repo) + ": GIT" + eventText(g.events)
		switch {
		case t.truth == yes:
			return t
		case t.truth == unknown:
			open = true
		case denied == nil:
			denied = &t
		}
	}
	if denied != nil && !open && (denied.explicit || p.count == 0) {
		denied.explicit = false
		return *denied
	}
	listed := slices.Contains(p.texts, s.text) || p.listsTag(tag, id.pkg.Name)
	if p.count > 0 && listed {
		v.rule, v.truth, v.leaf = "listed version", yes, cmpOr(p.label(), "the repository")+": versions"
		return v
	}
	if denied != nil && !open {
		return *denied
	}
	if commitLike(s.text) {
		v.truth, v.blind, v.leaf = unknown, otherwise, cmpOr(p.name, string(at))
		v.why = fmt.Sprintf("whether the commit %s lies in the range is not known: its history is needed", s.text)
		return v
	}
	fake := identity{versions: []stated{{text: tag, from: s.from}}, pkg: id.pkg}
	var within *verdict
	for k := range p.ranges {
		t := v
		t.rule = "range"
		t = p.ranges[k].judge(t, &fake.versions[0], explain)
		t.leaf = p.ranges[k].leaf
		t.assumed = append(slices.Clone(t.assumed), fmt.Sprintf("the tag %s is the version %s", s.text, tag))
		if t.truth == yes {
			return t
		}
		if within == nil || t.truth > within.truth {
			within = &t
		}
	}
	if within != nil {
		return *within
	}
	if p.count > 0 && p.ordered() {
		if own, err := vers.Parse(vers.Generic, tag); err == nil {
			v.rule = "listed version"
			if explain {
				v.leaf, v.why = p.label()+": versions", fmt.Sprintf("%s is not among the %d listed versions", own, p.count)
			}
			return v
		}
	}
	v.rule = "range"
	v.truth, v.blind, v.mum, v.leaf = unknown, otherwise, true, cmpOr(p.name, string(at))
	v.why = fmt.Sprintf("the record states commits only, and which versions hold them is not said: does %s?", s.text)
	return v
}

// ordered reports whether any listed version has a place in an order: a list of
// names that have none says nothing of a tag that is not in it.
func (p *pkg) ordered() bool {
	if len(p.listed.ends) > 0 {
		return true
	}
	for _, t := range p.texts {
		if _, err := vers.Parse(vers.Generic, tagVersion(t, p.name)); err == nil {
			return true
		}
	}
	return false
}

// listsTag looks for a version among the tags of the list.
func (p *pkg) listsTag(tag, name string) bool {
	own, err := vers.Parse(vers.Generic, tag)
	if len(p.listed.ends) > 0 {
		if mine, e := vers.Parse(p.scheme, tag); e == nil && mine.Key() != "" {
			if p.listed.has(mine.Key()) {
				return true
			}
		}
	}
	for _, t := range p.texts {
		plain := tagVersion(t, name)
		if strings.EqualFold(plain, tag) {
			return true
		}
		if other, e := vers.Parse(vers.Generic, plain); err == nil && e == nil {
			if order, e := own.Compare(other); e == nil && order == 0 {
				return true
			}
		}
	}
	return false
}

// judge decides by commits alone, as far as they tell. The events are stretches, each of
// commits that introduce and, after them, of those that end it; a version is affected if it lies in
// one of them.
func (g *commits) judge(v verdict, i *item, version string, history Ancestry) verdict {
	out := v
	out.truth, out.why = no, "the range has no events"
	for k, part := range g.stretches() {
		if t := g.within(part, v, i, version, history); k == 0 || t.truth > out.truth {
			out = t
		}
	}
	return out
}

// stretches splits the events where a flaw is introduced again after it was fixed.
func (g *commits) stretches() [][]feeds.Event {
	var out [][]feeds.Event
	began, ended := false, false
	for _, e := range g.events {
		if len(out) == 0 || e.Introduced != "" && began && ended {
			out = append(out, nil)
			began, ended = false, false
		}
		began, ended = began || e.Introduced != "", ended || e.Introduced == ""
		out[len(out)-1] = append(out[len(out)-1], e)
	}
	return out
}

func (g *commits) within(events []feeds.Event, v verdict, i *item, version string, history Ancestry) verdict {
	var made []string
	if i.component != nil && i.component.Pedigree != nil {
		made = i.component.Pedigree.Commits
	}
	contains := func(commit string) (in, sure bool) {
		if history == nil || commit == "*" {
			return false, commit == "*"
		}
		return history.Contains(g.repo, version, commit)
	}
	introduced, endless, at := no, true, false
	for _, e := range events {
		switch {
		case e.Fixed != "" && (sameCommit(version, e.Fixed) || slices.ContainsFunc(made, func(c string) bool { return sameCommit(c, e.Fixed) })):
			v.truth, v.explicit, v.why = no, true, "holds the commit that fixes it: "+e.Fixed
			return v
		case e.LastAffected != "" && sameCommit(version, e.LastAffected), e.Introduced != "" && sameCommit(version, e.Introduced):
			at = true
		case e.Introduced == "0":
			introduced = yes
		default:
			in, sure := contains(e.Introduced + e.Fixed + e.LastAffected + e.Limit)
			switch {
			case e.Introduced != "" && !sure:
				introduced = max(introduced, unknown)
			case e.Introduced != "" && in:
				introduced = yes
			case e.Introduced != "":
			case !sure:
				endless = false
			case in && e.LastAffected == "":
				v.truth, v.why = no, "its history holds the commit that ends the range: "+e.Fixed+e.Limit
				return v
			case in:
				v.truth, v.why = no, "it comes after the last affected commit "+e.LastAffected
				return v
			}
		}
	}
	switch {
	case at, introduced == yes && endless:
		v.truth = yes
	case introduced == no:
		v.why = "its history does not hold the commit that introduced it"
	default:
		v.truth, v.blind = unknown, otherwise
	}
	return v
}

var hexadecimal = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

func commitLike(s string) bool {
	if len(s) < 7 || strings.IndexByte(s, '.') >= 0 {
		return false
	}
	return hexadecimal.MatchString(s) && strings.ContainsAny(s, "abcdef") || len(s) == 40 && hexadecimal.MatchString(s)
}

// sameCommit compares commit ids, of which one may be abbreviated to no less than
// seven digits, as git does.
func sameCommit(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if !hexadecimal.MatchString(a) || !hexadecimal.MatchString(b) {
		return false
	}
	return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
}

// release words that stand around the version in a tag.
var tagWords = regexp.MustCompile(`(?i)^(release|rel|version|ver|tags|stable|v)[-_./ ]?(\d)`)

// tagVersion takes from a tag what is not the version: the name of the project in
// front (nanopb-0.4.1, OpenSSL_1_1_1k, STABLE-2_1_2_RELEASE), words such as release, and underscores
// between numbers.
func tagVersion(tag, name string) string {
	t := strings.TrimSpace(tag)
	t = strings.TrimPrefix(t, "refs/tags/")
	if len(name) > 0 && len(t) > len(name) && strings.EqualFold(t[:len(name)], name) {
		t = strings.TrimLeft(t[len(name):], "-_./ ")
	}
	if m := tagWords.FindStringSubmatch(t); m != nil {
		t = t[strings.Index(t, m[2]):]
	}
	for _, end := range []string{"_RELEASE", "-RELEASE", "-release", "-stable", "_stable", "-STABLE"} {
		t = strings.TrimSuffix(t, end)
	}
	if !strings.Contains(t, ".") && strings.Contains(t, "_") {
		t = strings.ReplaceAll(t, "_", ".")
	}
	return t
}
