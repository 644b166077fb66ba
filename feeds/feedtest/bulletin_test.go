package feedtest_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"testing/fstest"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// bulletins is a source that pages: an honest one unless flaw names what is
// wrong with it. Its publisher numbers every change; the cursor is the number.
type bulletins struct {
	at    feedtest.Publisher
	flaw  string
	reads int
	first []byte
}

type bulletin struct {
	Seq  int    `json:"seq"`
	ID   string `json:"id"`
	Text string `json:"text"`
}

type page struct {
	After int               `json:"after"` // the number asked for
	Items []json.RawMessage `json:"items"`
	More  *bool             `json:"more"`
}

func (b *bulletins) Name() string {
	if b.flaw == "changes its name" && b.reads > 0 {
		return "bulletins-2"
	}
	return "bulletins"
}

func (b *bulletins) Updates(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	if b.flaw == "reads before the first range" {
		_, _ = b.get(ctx, 0)
	}
	return func(yield func(feeds.Update, error) bool) {
		b.reads++
		switch b.flaw {
		case "ignores its context":
			ctx = context.WithoutCancel(ctx)
		case "leaves a goroutine":
			go time.Sleep(time.Hour)
		case "goes on when stopped":
			inner := yield
			yield = func(u feeds.Update, err error) bool { inner(u, err); return true }
		}
		b.pages(ctx, since, yield)
	}
}

func (b *bulletins) pages(ctx context.Context, since feeds.Cursor, yield func(feeds.Update, error) bool) {
	after, err := strconv.Atoi(string(since))
	if err != nil && b.flaw == "refuses a strange cursor" && since != "" {
		yield(feeds.Update{}, err)
		return
	}
	after = max(after, 0)
	if b.flaw == "skips a record when it goes on" && after > 0 {
		after++
	}
	for more := true; more; {
		body, err := b.get(ctx, after)
		if err == nil && ctx.Err() != nil {
			err = ctx.Err()
		}
		if err != nil {
			switch b.flaw {
			case "swallows a failing publisher":
			case "goes on after an error":
				yield(feeds.Update{}, err)
				yield(feeds.Update{Next: since}, nil)
			default:
				yield(feeds.Update{}, fmt.Errorf("bulletins: %w", err))
			}
			return
		}
		var p page
		if err := json.Unmarshal(body, &p); err != nil || p.More == nil {
			if b.flaw == "takes a cut-off body for the end" {
				return
			}
			yield(feeds.Update{}, fmt.Errorf("bulletins: page after %d: %w", after, cmp.Or(err, errors.New("no page"))))
			return
		}
		if p.After != after && b.flaw != "takes any page" && b.flaw != "remembers the first page" {
			yield(feeds.Update{}, fmt.Errorf("bulletins: page after %d: it is that after %d", after, p.After))
			return
		}
		before := after
		more = *p.More
		if after, err = b.tell(ctx, p, after, yield); err != nil {
			return
		}
		more = more && after > before // only a page that was told before does not go on
	}
	if b.flaw == "asks at the end how far it is" {
		for more := true; more; {
			body, err := b.get(ctx, after)
			var p page
			if err != nil || json.Unmarshal(body, &p) != nil || p.More == nil {
				break
			}
			more, after = *p.More, end(p, after)
		}
	}
	last := feeds.Update{Next: feeds.Cursor(strconv.Itoa(after))}
	last.Whole = b.flaw == "says Whole of a part" || since == "" || since == "0"
	if b.flaw == "forgets the last cursor" {
		last.Next = ""
	}
	yield(last, nil)
}

var errStopped = errors.New("stopped")

// tell yields the items of one page and returns the number of the last.
func (b *bulletins) tell(ctx context.Context, p page, after int, yield func(feeds.Update, error) bool) (int, error) {
	end := end(p, after)
	for _, raw := range p.Items {
		if err := ctx.Err(); err != nil {
			yield(feeds.Update{}, err)
			return after, errStopped
		}
		var item bulletin
		if err := json.Unmarshal(raw, &item); err != nil {
			bad := &feeds.RecordError{Source: "bulletins", Item: cmp.Or(item.ID, "after "+strconv.Itoa(after)), Err: err}
			switch b.flaw {
			case "hides the rest of a page after a bad record":
				return end, nil
			case "ends at a bad record":
				yield(feeds.Update{}, bad.Err)
				return after, errStopped
			case "passes a bad record over in silence":
				continue
			}
			if !yield(feeds.Update{}, bad) {
				return after, errStopped
			}
			continue
		}
		after = max(after, item.Seq)
		u := feeds.Update{
			Record: feeds.Record{Source: "bulletins", Item: item.ID, Text: item.Text},
			Next:   feeds.Cursor(strconv.Itoa(after)),
		}
		switch b.flaw {
		case "moves the cursor ahead of its records":
			u.Next = feeds.Cursor(strconv.Itoa(end))
		case "decodes another text":
			u.Record.Text = "<" + item.Text + ">"
		case "gives records another source":
			u.Record.Source = "bulletin"
		}
		if !yield(u, nil) {
			return after, errStopped
		}
	}
	return end, nil
}

// end is the number of the last item of a page.
func end(p page, after int) int {
	for _, raw := range p.Items {
		var seq struct{ Seq int }
		_ = json.Unmarshal(raw, &seq)
		after = max(after, seq.Seq)
	}
	return after
}

// get asks for the page after a number.
func (b *bulletins) get(ctx context.Context, after int) ([]byte, error) {
	address := b.at.URL + "?after=" + strconv.Itoa(after)
	switch b.flaw {
	case "asks again at once", "gives up when asked to wait", "reads without end", "leaves a body open", "takes any length",
		"waits for ever", "takes any type":
		return b.careless(ctx, address)
	case "remembers the first page":
		if after == 0 || b.first != nil {
			if b.first == nil {
				answer, err := fetch.Get(ctx, address, fetch.Validators{}, &fetch.Options{Client: b.at.Client})
				if err != nil {
					return nil, err
				}
				b.first = answer.Body
				return b.first, nil
			}
			return []byte(`{"items":[],"more":false}`), nil
		}
	}
	answer, err := fetch.Get(ctx, address, fetch.Validators{}, &fetch.Options{Client: b.at.Client, MaxBytes: 1 << 20})
	return answer.Body, err
}

func (b *bulletins) careless(ctx context.Context, address string) ([]byte, error) {
	for try := 1; ; try++ {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		resp, err := b.at.Client.Do(req)
		if err != nil {
			return nil, err
		}
		if b.flaw != "leaves a body open" {
			defer resp.Body.Close()
		}
		if resp.StatusCode != http.StatusOK {
			if b.flaw == "asks again at once" && try < 50 {
				continue
			}
			return nil, errors.New(resp.Status)
		}
		var body bytes.Buffer
		_, err = io.Copy(&body, resp.Body)
		if b.flaw == "takes any length" { // a body of which the first object is good
			var first json.RawMessage
			if json.NewDecoder(bytes.NewReader(append(body.Bytes(), "]}"...))).Decode(&first) == nil {
				return first, nil
			}
			return []byte(`{"items":[],"more":false}`), nil
		}
		return body.Bytes(), err
	}
}

// publish plays the publisher: pages of two, by number.
func publish(held fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, _ := strconv.Atoi(r.URL.Query().Get("after"))
		text, err := fs.ReadFile(held, "bulletins.json")
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		var all, out []json.RawMessage
		if err := json.Unmarshal(text, &all); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		seq := func(raw json.RawMessage) int {
			var s struct{ Seq int }
			_ = json.Unmarshal(raw, &s)
			return s.Seq
		}
		slices.SortFunc(all, func(a, b json.RawMessage) int { return seq(a) - seq(b) })
		all = slices.DeleteFunc(all, func(raw json.RawMessage) bool { return seq(raw) <= after })
		out = all[:min(2, len(all))]
		more := len(all) > len(out)
		_ = json.NewEncoder(w).Encode(page{After: after, Items: slices.Concat([]json.RawMessage{}, out), More: &more})
	})
}

func bulletinSuite(t *testing.T, flaw string) feedtest.Suite {
	file := func(text string) fs.FS { return fstest.MapFS{"bulletins.json": {Data: []byte(text)}} }
	return feedtest.Suite{
		Name: "bulletins", URL: "https://publisher.example/bulletins", Handler: publish,
		Open: func(p feedtest.Publisher) feeds.Source { return &bulletins{at: p, flaw: flaw} },
		Before: file(`[{"seq":1,"id":"B-1","text":"one"},{"seq":2,"id":"B-2","text":"two"},{"seq":3,"id":"B-3","text":"three"},
			{"seq":4,"id":"B-4","text":"four"},{"seq":5,"id":"B-5","text":"five"}]`),
		After: file(`[{"seq":1,"id":"B-1","text":"one"},{"seq":7,"id":"B-2","text":"two, changed"},{"seq":3,"id":"B-3","text":"three"},
			{"seq":4,"id":"B-4","text":"four"},{"seq":5,"id":"B-5","text":"five"},{"seq":6,"id":"B-6","text":"six"}]`),
		Bad: file(`[{"seq":1,"id":"B-1","text":"one"},{"seq":2,"id":"B-2","text":"two"},{"seq":3,"id":"B-3","text":33},
			{"seq":4,"id":"B-4","text":"four"},{"seq":5,"id":"B-5","text":"five"}]`),
		Damaged: []string{"B-3"},
		Golden:  filepath.Join("testdata", "bulletins.json"),
		Limit:   4 << 20,
	}
}
