package projection

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/web"
)

// questionTimeout bounds what is asked of the database, and of Kafka, for one
// answer. A replay has a longer time-out of its own.
const questionTimeout = 2 * time.Second

// user answers GET /users/{id}: 404 for a user of whom nothing is in the view.
func (s *Service) user(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), questionTimeout)
	defer cancel()
	id := r.PathValue("id")
	u, err := s.current().user(ctx, id)
	switch {
	case errors.Is(err, errUnknownUser):
		web.Error(w, http.StatusNotFound, err)
	case err != nil:
		web.Error(w, web.FailureStatus(err), err)
	default:
		web.JSON(w, http.StatusOK, map[string]any{"userId": id, "events": u.Events, "latestAction": u.LatestAction})
	}
}

// Staleness is how far the view is behind.
type Staleness struct {
	// Newest is when the newest event in the view was published, and Age how
	// long ago that was, in seconds. Both are null while the view is empty. In a
	// topic in which nothing happens the age grows though nothing is missing.
	Newest *time.Time `json:"newest"`
	Age    *float64   `json:"ageSeconds"`
	// Lag is how many offsets of the log are not in the view yet. It is null when
	// Kafka could not be asked, and Unknown reports why.
	Lag     *int64 `json:"lag"`
	Unknown string `json:"unknown,omitempty"`
}

// staleness answers GET /staleness, and 502 or 504 when the database does not. A
// service that is cut off from Kafka still reports how old its view is.
func (s *Service) staleness(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), questionTimeout)
	defer cancel()
	view := s.current()
	newest, err := view.newest(ctx)
	if err != nil {
		web.Error(w, web.FailureStatus(err), err)
		return
	}
	read, err := view.position(ctx, s.config.Consumer.Topic)
	if err != nil {
		web.Error(w, web.FailureStatus(err), err)
		return
	}
	var answer Staleness
	if !newest.IsZero() {
		age := time.Since(newest).Seconds()
		answer.Newest, answer.Age = &newest, &age
	}
	if ends, err := s.history.Ends(ctx); err != nil {
		answer.Unknown = err.Error()
	} else {
		lag := int64(0)
		for number, end := range ends {
			lag += max(0, end-read[number])
		}
		answer.Lag = &lag
	}
	web.JSON(w, http.StatusOK, answer)
}

// AsOf is the state at an earlier point of the log.
type AsOf struct {
	Offsets Offsets         `json:"offsets"` // up to which the log was read, the offset itself excluded
	Users   map[string]User `json:"users"`
}

// asOf answers GET /as-of?time=RFC3339 (up to and including that instant) or
// ?offsets=PARTITION:OFFSET,… (up to and without that offset; of partitions that
// are left out nothing is read). The answer is made of the log from offset 0, and
// the live view is neither asked nor touched. 400 for a question that makes no
// sense, 410 for what is no longer in the log.
func (s *Service) asOf(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), replayTimeout)
	defer cancel()
	upTo, err := s.point(ctx, r)
	if err == nil {
		err = s.history.check(ctx, upTo)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	users, err := s.history.replay(ctx, upTo)
	if err != nil {
		s.refuse(w, err)
		return
	}
	web.JSON(w, http.StatusOK, AsOf{Offsets: upTo, Users: users})
}

func (s *Service) refuse(w http.ResponseWriter, err error) {
	var wrong badQuestion
	var gone forgotten
	switch {
	case errors.As(err, &wrong):
		web.Error(w, http.StatusBadRequest, err)
	case errors.As(err, &gone):
		web.Error(w, http.StatusGone, err)
	default:
		s.config.Log.Warn("replay failed", "error", err)
		web.Error(w, web.FailureStatus(err), err)
	}
}

// point is where in the log the question is about.
func (s *Service) point(ctx context.Context, r *http.Request) (Offsets, error) {
	query := r.URL.Query()
	instant, list := query.Get("time"), query.Get("offsets")
	switch {
	case (instant == "") == (list == ""):
		return nil, badQuestion{errors.New("ask with either time=2006-01-02T15:04:05Z or offsets=PARTITION:OFFSET,…")}
	case list != "":
		return parseOffsets(list)
	}
	at, err := time.Parse(time.RFC3339, instant)
	if err != nil {
		return nil, badQuestion{fmt.Errorf("time=%s is malformed: give it like 2006-01-02T15:04:05.999Z, with + written as %%2B", instant)}
	}
	return s.config.At(ctx, s.history, at)
}

func parseOffsets(list string) (Offsets, error) {
	found := Offsets{}
	for item := range strings.SplitSeq(list, ",") {
		partition, offset, _ := strings.Cut(item, ":")
		number, err1 := strconv.ParseInt(partition, 10, 32)
		next, err2 := strconv.ParseInt(offset, 10, 64)
		if _, twice := found[int32(number)]; err1 != nil || err2 != nil || number < 0 || next < 0 || twice {
			return nil, badQuestion{fmt.Errorf("offsets=%s is malformed at %q: give each partition once, like offsets=0:120,1:98", list, item)}
		}
		found[int32(number)] = next
	}
	return found, nil
}
