package depstmp

import (
	_ "github.com/CycloneDX/cyclonedx-go"
	_ "github.com/Masterminds/semver/v3"
	_ "github.com/cenkalti/backoff/v5"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/google/osv-scalibr/semantic"
	_ "github.com/google/osv-scanner/pkg/models"
	_ "github.com/google/uuid"
	_ "github.com/ncruces/go-sqlite3/driver"
	_ "github.com/package-url/packageurl-go"
	_ "github.com/rickar/cal/v2/us"
	_ "github.com/stretchr/testify/require"
	_ "github.com/yuin/goldmark"
	_ "pgregory.net/rapid"
)
