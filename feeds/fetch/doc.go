// Package fetch is how feeds come by their bytes: documents in files, folders
// and archives, and a polite HTTP client. It is a part of room feeds that the
// adapters share.
//
// It owns [Files] (a feed that is read from disk or from an fs.FS), [Elements]
// (a JSON document read element by element), [Applicability] (a form that two publishers
// share), [Get], [Post] and [Save] (one request with its retries, its limits and its pace)
// and [NewClient], which says how all of them connect. It knows no publisher and no other
// format; it does not page or check signatures.
//
//	client := fetch.NewClient(&fetch.ClientOptions{Contact: "psirt@pumps.example"})
//	answer, err := fetch.Get(ctx, url, fetch.Validators{}, &fetch.Options{Client: client})
package fetch
