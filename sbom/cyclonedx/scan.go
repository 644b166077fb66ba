package cyclonedx

import (
	"bytes"
	"fmt"
)

// counts looks over JSON, before it is decoded, for where values end and for what
// the library does not tell: too much of something, and members that are there
// twice, of which it would mix the values. It does not judge the syntax.
type counts struct {
	twice      func(path string) // called for every such member; nil: nobody is told
	most       int               // components allowed
	components int               // components, services and vulnerabilities met, in pedigrees too
	objects    int
	levels     []level
	keys       [][]byte // of all open objects, the outermost first
}

// maxKeys is among how many members of one object one that is there twice is
// found. The format has objects of fewer.
const maxKeys = 200

// A level is one object or list that the scan is inside of.
type level struct {
	object bool
	parts  bool // a list of components
	index  int  // of the element, in a list
	keys   int  // where the object's keys begin
	last   int  // its last key, or -1
}

// skip returns where the value ends that begins at i; -1 when data ends before. When
// there is too much of something it returns where, and of what.
func (c *counts) skip(data []byte, i int) (end int, why string) {
	base, expectKey := len(c.levels), false
	for ; i < len(data); i++ {
		switch data[i] {
		case '"':
			start := i + 1
			if i = closing(data, start); i == len(data) {
				return -1, ""
			}
			if len(c.levels) == base {
				return i + 1, ""
			}
			if expectKey {
				c.key(data[start:i])
			}
			expectKey = false
		case '{', '[':
			expectKey = data[i] == '{'
			if why := c.open(expectKey); why != "" {
				return i, why
			}
		case '}', ']':
			if len(c.levels) == base {
				return i, ""
			}
			c.leave()
			if len(c.levels) == base {
				return i + 1, ""
			}
			expectKey = false
		case ',':
			if len(c.levels) == base {
				return i, ""
			}
			expectKey = c.next()
		case ' ', '\t', '\r', '\n':
			if len(c.levels) == base {
				return i, ""
			}
		}
	}
	if len(c.levels) > base {
		return -1, ""
	}
	return i, ""
}

// next is told of a comma. It reports whether a key follows.
func (c *counts) next() bool {
	top := &c.levels[len(c.levels)-1]
	top.index++
	return top.object
}

// leave is told of the end of the innermost object or list.
func (c *counts) leave() {
	n := len(c.levels) - 1
	c.keys = c.keys[:c.levels[n].keys]
	c.levels = c.levels[:n]
}

// closing is the place of the quote that ends the text which begins at start, or
// the end of data.
func closing(data []byte, start int) int {
	for i := start; ; {
		n := bytes.IndexByte(data[i:], '"')
		if n < 0 {
			return len(data)
		}
		i += n
		if data[i-1] != '\\' || i == start {
			return i
		}
		slashes := 0
		for j := i - 1; j >= start && data[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
		i++
	}
}

func (c *counts) key(name []byte) {
	top := &c.levels[len(c.levels)-1]
	if c.twice != nil && len(c.keys)-top.keys < maxKeys {
		for _, k := range c.keys[top.keys:] {
			if bytes.Equal(k, name) {
				c.twice(join(c.route(), string(name)))
				break
			}
		}
	}
	top.last = len(c.keys)
	c.keys = append(c.keys, name)
}

func (c *counts) open(object bool) (why string) {
	l := level{object: object, keys: len(c.keys), last: -1}
	if n := len(c.levels); n > 0 {
		above := c.levels[n-1]
		switch {
		case object && above.parts:
			c.components++
		case !object && above.last >= 0:
			l.parts = isParts(c.keys[above.last])
		}
	}
	if object {
		c.objects++
	}
	c.levels = append(c.levels, l)
	switch {
	case len(c.levels) > maxDepth:
		return fmt.Sprintf("is nested deeper than %d", maxDepth)
	case c.components > c.most:
		return fmt.Sprintf("holds more than the %d components allowed", c.most)
	case c.objects > maxObjects:
		return fmt.Sprintf("holds more than the %d objects allowed", maxObjects)
	}
	return ""
}

// isParts reports whether a member of that name is a list of components or of
// what takes as much room.
func isParts(key []byte) bool {
	switch string(key) {
	case "components", "services", "ancestors", "descendants", "variants", "vulnerabilities":
		return true
	}
	return false
}

// route is the path of the innermost object.
func (c *counts) route() string {
	path := ""
	for _, l := range c.levels[:len(c.levels)-1] {
		switch {
		case !l.object:
			path = at(path, l.index)
		case l.last >= 0:
			path = join(path, string(c.keys[l.last]))
		}
	}
	return path
}
