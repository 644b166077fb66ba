package manual

import "github.com/open-postmarket/postmarket/feeds"

// versions reads words about versions. None are understood here yet: a person has to
// read them.
func versions(text string) (spans []feeds.Span, unread []string) {
	return nil, []string{text}
}
