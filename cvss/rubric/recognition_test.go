package rubric_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/cvss/rubric"
)

func TestARecognitionHasAStatusAtADate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version, day string
		want         rubric.Status
	}{
		{"3.0", "2020-10-18", rubric.Pending},
		{"3.0", "2020-10-19", rubric.Accepted},
		{"3.0", "2026-12-20", rubric.Accepted},
		{"3.0", "2026-12-21", rubric.Passed},
		{"3.1", "2025-05-25", rubric.Pending},
		{"3.1", "2025-05-26", rubric.Accepted},
		{"3.1", "2026-12-21", rubric.Accepted},
		{"3.1", "2027-07-04", rubric.Accepted},
		{"3.1", "2027-07-05", rubric.Passed},
		{"3.1", "2099-01-01", rubric.Passed},
	} {
		day, err := time.Parse(time.DateOnly, c.day)
		require.NoError(t, err)
		for _, at := range []time.Time{day, day.Add(24*time.Hour - time.Microsecond)} {
			s, err := rubric.RecognitionAt(c.version, at)
			require.NoError(t, err)
			require.Equal(t, c.want, s.Status, "%s on %s", c.version, at)
			require.Equal(t, c.want, s.Recognition.Status(at))
			require.Equal(t, c.day, s.Day)
			require.True(t, s.Status.Valid())
			require.Equal(t, c.want == rubric.Accepted, s.Warning == "")

			r, err := rubric.Derive(read(t, quiet), &rubric.Options{Version: c.version, At: at})
			require.NoError(t, err)
			require.Equal(t, &s, r.Recognition)
		}
	}
	s, err := rubric.RecognitionAt("3.0", time.Date(2026, 12, 21, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Equal(t, "on 2026-12-21 FDA no longer accepts declarations to CVSS v3.0 (recognition 13-116, until 2026-12-20)", s.Warning)
}

func TestTheDayIsThatOfTheInstantsOwnPlace(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("UTC-5", -5*3600)
	at := time.Date(2026, 12, 20, 22, 0, 0, 0, east)
	require.Equal(t, rubric.Accepted, rubric.Recognitions()[0].Status(at))
	require.Equal(t, rubric.Passed, rubric.Recognitions()[0].Status(at.UTC()))
}

func TestNoStatusIsGuessed(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, version := range []string{"4.0", "2.0", "", "3", "3.00"} {
		_, err := rubric.RecognitionAt(version, at)
		require.ErrorIs(t, err, cvss.ErrVersion, version)
	}
	_, err := rubric.RecognitionAt("3.0", time.Time{})
	require.ErrorContains(t, err, "no day")
	require.Empty(t, rubric.Recognition{}.Status(at))
	require.Empty(t, rubric.Recognitions()[0].Status(time.Time{}))
	require.False(t, rubric.Status("").Valid())

	r, err := rubric.Derive(read(t, quiet), nil)
	require.NoError(t, err)
	require.Nil(t, r.Recognition, "without an instant nothing is told")
}

func TestNothingSaysThatTheRubricCoversVersion4(t *testing.T) {
	t.Parallel()
	for _, r := range rubric.Recognitions() {
		require.NotEqual(t, "4.0", r.Version)
		require.NotEqual(t, "13-140", r.ID)
	}
	for _, version := range []string{"4.0", "2.0"} {
		_, err := rubric.Derive(read(t, quiet), &rubric.Options{Version: version})
		require.ErrorIs(t, err, cvss.ErrVersion)
	}
}
