package feedtest

import (
	"context"
	"fmt"
)

// CheckMirrorPromise is CheckMirror for one promise: dozens of faulty mirrors times all
// promises would take too long.
func CheckMirrorPromise(ctx context.Context, sentence string, open Place) error {
	for _, p := range mirrorPromises {
		if p.sentence == sentence {
			if err := p.holds(ctx, open); err != nil {
				return &PromiseError{sentence, err}
			}
			return nil
		}
	}
	return fmt.Errorf("%q is no promise", sentence)
}
