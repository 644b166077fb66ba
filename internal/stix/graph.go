package stix

import "iter"

// A Graph holds the newest version of each object that was added. The zero Graph
// is empty and ready for use.
type Graph struct {
	objects map[string]Object
	order   []string
}

// Add keeps o unless a newer version of it is held already. Of two that say nothing
// of their age, or the same, the one added last stays. What is not read ([Other])
// is not kept.
func (g *Graph) Add(o Object) {
	if _, other := o.(*Other); other {
		return
	}
	id := o.Head().ID
	held, ok := g.objects[id]
	switch {
	case !ok:
		if g.objects == nil {
			g.objects = map[string]Object{}
		}
		g.order = append(g.order, id)
	case held.Head().Modified.After(o.Head().Modified):
		return
	}
	g.objects[id] = o
}

// Len is how many objects are held.
func (g *Graph) Len() int { return len(g.order) }

// Get returns the object with an id, nil when it is not held.
func (g *Graph) Get(id string) Object { return g.objects[id] }

// All yields the objects in the order in which their ids were first added.
func (g *Graph) All() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		for _, id := range g.order {
			if !yield(g.objects[id]) {
				return
			}
		}
	}
}
