// Package cpe reads CPE names: the formatted string of CPE 2.3 and the URI of
// 2.2 (NISTIR 7695), and says how two attribute values relate (NISTIR 7696).
//
// It owns the [Name] and the [Value] of an attribute. It holds no dictionary
// and knows nothing of version ranges: those belong to the record that states
// them.
//
//	n, err := cpe.Parse("cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:*")
package cpe
