package feedtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// world is a publisher at one source's disposal: over HTTP in memory, or as
// files. It counts what is asked of it, and fails as it is told to.
type world struct {
	suite Suite

	mu    sync.Mutex
	files fs.FS
	fault fault
	// later is what it holds once so many documents were asked for; nil is no change.
	later   fs.FS
	turning int
	// asked are the documents asked for, with the time of each request.
	asked []request
	// open counts bodies and files that were not closed yet; overrun says that
	// more than the limit was read of an endless one; stray that a request did
	// not carry the reader's context.
	open           int
	overrun, stray bool
}

type request struct {
	document string
	at       time.Time
}

// fault is what goes wrong. The zero fault is an honest publisher.
type fault struct {
	// at is the document it happens to; empty is any.
	at string
	// answer, asked with the number of this request to the document, from 1,
	// answers in place of the publisher. A status of 0 lets the publisher answer.
	answer func(try int) (status int, header http.Header, err error)
	// body changes what the publisher sends. announced is the length it claims, -1 for
	// none; end is the error after the last byte, io.EOF for a proper end.
	body func(sent []byte) (body io.Reader, announced int, end error)
	// hang never answers.
	hang bool
	// as is the document whose answer is sent in place of this one's; contentType
	// is said of a body in place of its own.
	as, contentType string
}

func (s Suite) world(files fs.FS) *world { return &world{suite: s, files: files} }

// publisher is what the source gets to see of w.
func (w *world) publisher() Publisher {
	if w.suite.URL == "" {
		return Publisher{FS: files{w}}
	}
	return Publisher{URL: w.suite.URL, Client: &http.Client{Transport: w}}
}

// turn changes what the publisher holds and what goes wrong from now on.
func (w *world) turn(files fs.FS, f fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files, w.fault = files, f
}

// documents are those asked for so far, each once, as they were first asked for.
func (w *world) documents() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, r := range w.asked {
		if !slices.Contains(out, r.document) {
			out = append(out, r.document)
		}
	}
	return out
}

// requests are the times at which a document was asked for.
func (w *world) requests() []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []time.Time
	for _, r := range w.asked {
		out = append(out, r.at)
	}
	return out
}

func (w *world) left() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open > 0 {
		return fmt.Errorf("%d bodies or files are still open", w.open)
	}
	return nil
}

// ask notes a request, and returns what is to go wrong with it and how often
// the document was asked for.
func (w *world) ask(document string) (fs.FS, fault, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, request{document, time.Now()})
	if w.later != nil && len(w.asked) > w.turning {
		w.files, w.later = w.later, nil
	}
	try := 0
	for _, r := range w.asked {
		if r.document == document {
			try++
		}
	}
	f := w.fault
	if f.at != "" && f.at != document {
		f = fault{}
	}
	return w.files, f, try
}

// RoundTrip answers a request without a network.
func (w *world) RoundTrip(req *http.Request) (*http.Response, error) {
	held, f, try := w.ask(req.URL.RequestURI())
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	if f.hang {
		return nil, w.hang(req.Context())
	}
	if f.answer != nil {
		status, header, err := f.answer(try)
		if err != nil {
			return nil, err
		}
		if status != 0 {
			return w.response(req, status, header, fault{}, nil), nil
		}
	}
	ask := req
	if f.as != "" {
		as, err := req.URL.Parse(f.as)
		if err != nil {
			return nil, err
		}
		ask = req.Clone(req.Context())
		ask.URL, ask.RequestURI = as, ""
	}
	rec := httptest.NewRecorder()
	w.handler(held).ServeHTTP(rec, ask)
	return w.response(req, rec.Code, rec.Result().Header, f, rec.Body.Bytes()), nil
}

func (w *world) hang(ctx context.Context) error {
	patience := time.NewTimer(time.Hour)
	defer patience.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-patience.C:
		w.mu.Lock()
		defer w.mu.Unlock()
		w.stray = true
		return errors.New("the connection was closed")
	}
}

func (w *world) handler(held fs.FS) http.Handler {
	if w.suite.Handler != nil {
		return w.suite.Handler(held)
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		name := strings.TrimPrefix(req.URL.Path, "/")
		body, err := fs.ReadFile(held, name)
		if err != nil {
			http.NotFound(rw, req)
			return
		}
		sum := sha256.Sum256(body)
		rw.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
		http.ServeContent(rw, req, name, time.Time{}, bytes.NewReader(body))
	})
}

func (w *world) response(req *http.Request, status int, header http.Header, f fault, sent []byte) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	header.Del("Content-Length")
	b := &body{w: w, ctx: req.Context(), r: bytes.NewReader(sent), end: io.EOF, left: w.suite.limit()}
	announced := len(sent)
	if f.body != nil && status == http.StatusOK {
		b.r, announced, b.end = f.body(sent)
	}
	if announced >= 0 {
		header.Set("Content-Length", fmt.Sprint(announced))
	}
	if f.contentType != "" && status == http.StatusOK {
		header.Set("Content-Type", f.contentType)
	}
	w.mu.Lock()
	w.open++
	w.mu.Unlock()
	return &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: b, ContentLength: int64(announced), Request: req,
	}
}

// body is what is read of a response or of a file.
type body struct {
	w      *world
	ctx    context.Context // of the request; nil for a file
	r      io.Reader
	end    error
	left   int64
	closed bool
}

func (b *body) Read(p []byte) (int, error) {
	if b.ctx != nil && b.ctx.Err() != nil {
		return 0, b.ctx.Err()
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.w.mu.Lock()
		b.w.overrun = true
		b.w.mu.Unlock()
		return 0, errors.New("the suite's limit of an endless body")
	}
	if errors.Is(err, io.EOF) {
		err = b.end
	}
	return n, err
}

func (b *body) Close() error {
	if !b.closed {
		b.closed = true
		b.w.mu.Lock()
		b.w.open--
		b.w.mu.Unlock()
	}
	return nil
}

// files is the fs.FS side of a world.
type files struct{ w *world }

func (f files) Open(name string) (fs.File, error) {
	w := f.w
	w.mu.Lock()
	held := w.files
	w.mu.Unlock()
	info, err := fs.Stat(held, name)
	if err != nil {
		return nil, err
	}
	var how fault
	if info.IsDir() {
		w.mu.Lock()
		if w.fault.at == "" {
			how.answer = w.fault.answer
		}
		w.mu.Unlock()
	} else {
		held, how, _ = w.ask(name)
	}
	if how.answer != nil {
		if _, _, err := how.answer(1); err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
		}
	}
	file, err := held.Open(name)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.open++
	w.mu.Unlock()
	b := body{w: w, r: file, end: io.EOF, left: w.suite.limit()}
	if how.body != nil {
		sent, err := io.ReadAll(file)
		if err != nil {
			return nil, err
		}
		b.r, _, _ = how.body(sent)
	}
	return &opened{File: file, body: b}, nil
}

// opened is a file of files.
type opened struct {
	fs.File
	body body
}

func (o *opened) Read(p []byte) (int, error) { return o.body.Read(p) }

func (o *opened) Close() error { return errors.Join(o.body.Close(), o.File.Close()) }

func (o *opened) ReadDir(n int) ([]fs.DirEntry, error) {
	d, ok := o.File.(fs.ReadDirFile)
	if !ok {
		return nil, errors.New("not a folder")
	}
	return d.ReadDir(n)
}
