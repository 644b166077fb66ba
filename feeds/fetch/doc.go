// Package fetch is how feeds come by their bytes: documents in files and
// folders, and a polite HTTP client. It is a part of room feeds that the
// adapters share.
//
// It owns [Files] (a feed that is read from disk or from an fs.FS), [Elements]
// (a JSON document read element by element), [Get] (one conditional request
// with its retries), and [Applicability], a form that two publishers share. It knows no
// publisher and no other format; it does not page, unpack archives or check signatures.
//
//	answer, err := fetch.Get(ctx, url, fetch.Validators{}, nil)
package fetch
