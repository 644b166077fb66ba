package match

import (
	"regexp"
	"strconv"
	"strings"
)

// codenames are the releases that distributions name by a word. Facts of Debian's
// and Ubuntu's release pages.
var codenames = map[string]string{
	"wheezy": "7", "jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14",
	"trusty": "14.04", "xenial": "16.04", "bionic": "18.04", "cosmic": "18.10", "disco": "19.04", "eoan": "19.10", "focal": "20.04",
	"groovy": "20.10", "hirsute": "21.04", "impish": "21.10", "jammy": "22.04", "kinetic": "22.10", "lunar": "23.04", "mantic": "23.10",
	"noble": "24.04", "oracular": "24.10", "plucky": "25.04",
}

var (
	numbers = regexp.MustCompile(`\d+(\.\d+)*`)
	pack    = regexp.MustCompile(`(?i)[ -]sp(\d+)`)
	words   = regexp.MustCompile(`[a-z]+`)
)

// releaseNumbers reads the numbers of a release, whoever wrote it: "12",
// "debian-12.5", "bookworm", "v3.18", "22.04:LTS", "enterprise_linux:9::baseos",
// "Leap 15.5", "Linux Enterprise Server 15 SP5", "3.20.3". Nothing when there are
// none ("sid", "edge", "rolling").
func releaseNumbers(text string) []int {
	text = strings.ToLower(text)
	found := numbers.FindString(text)
	if found == "" {
		for _, w := range words.FindAllString(text, -1) {
			if n, ok := codenames[w]; ok {
				found = n
			}
		}
	}
	var out []int
	for _, n := range strings.Split(found, ".") {
		i, err := strconv.Atoi(n)
		if err != nil {
			return nil
		}
		out = append(out, i)
	}
	if sp := pack.FindStringSubmatch(text); sp != nil && len(out) > 0 {
		if i, err := strconv.Atoi(sp[1]); err == nil {
			out = append(out, i)
		}
	}
	return out
}

// sameRelease says whether a component of the distro (the purl's qualifier) is of
// the release that a record is for. Numbers that one of the two does not state are
// taken to agree; where either states none there is no answer.
func sameRelease(release, distro string) truth {
	theirs, own := releaseNumbers(operatingSystem(release)), releaseNumbers(distro)
	if len(theirs) == 0 || len(own) == 0 {
		return unknown
	}
	for i := range min(len(theirs), len(own)) {
		if theirs[i] != own[i] {
			return no
		}
	}
	return yes
}

var (
	// streamed is a product of Red Hat with its version and, after two colons, its edition:
	// openshift:4.12::el8.
	streamed = regexp.MustCompile(`^([a-z][a-z0-9_]*):([^:]*)(?:::(.*))?$`)
	onEL     = regexp.MustCompile(`(?:^|[^a-z])(el\d+)`)
	// rhel are the products whose version is that of the operating system.
	rhel = regexp.MustCompile(`^(enterprise_linux.*|rhel|rhel_(aus|eus|tus|e4s|els|eus_long_life|atomic|extras.*)|pro)$`)
	// ofSUSE are the products of SUSE that have versions of their own.
	ofSUSE = regexp.MustCompile(`(?i)\b(manager|openstack|storage|caas|rancher|harvester)\b`)
)

// operatingSystem is what the release that a record is for says of the release of the
// operating system: products that are layered over one have versions of their own. Empty when it
// says nothing.
func operatingSystem(release string) string {
	if ofSUSE.MatchString(release) {
		return ""
	}
	m := streamed.FindStringSubmatch(strings.ToLower(release))
	if m == nil || rhel.MatchString(m[1]) {
		return release
	}
	if on := onEL.FindStringSubmatch(m[3]); on != nil {
		return on[1]
	}
	return ""
}
