package memory_test

import (
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
	"github.com/open-postmarket/postmarket/store/memory"
)

func TestMirror(t *testing.T) {
	t.Parallel()
	feedtest.RunMirror(t, func(tb testing.TB) feeds.Mirror {
		m := memory.New()
		tb.Cleanup(func() { m.Close() })
		return m
	})
}
