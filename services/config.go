package main

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/registration"
	"github.com/caarlos0/env/v11"
)

// The variables of each service. The tag fix completes the sentence "set it
// to …" in the error about a variable that is missing or malformed.

// CommonEnv is exported because the env package fills in no unexported fields.
type CommonEnv struct {
	Listen   string     `env:"LISTEN,required,notEmpty" fix:"host:port to serve HTTP on, for example 127.0.0.1:8080"`
	LogLevel slog.Level `env:"LOG_LEVEL" envDefault:"info" fix:"debug, info, warn or error"`
}

func (e CommonEnv) common() CommonEnv { return e }

// ConsumerEnv is what the services that consume have in common.
type ConsumerEnv struct{ consumer.Config }

func (e ConsumerEnv) check() error {
	var errs []error
	if len(e.Brokers) > 0 && e.SessionTimeout < 3*e.HeartbeatInterval {
		errs = append(errs, fmt.Errorf("SESSION_TIMEOUT=%v is less than three times HEARTBEAT_INTERVAL=%v: raise the first or lower the second",
			e.SessionTimeout, e.HeartbeatInterval))
	}
	if !slices.Contains(consumer.Assignments, e.Assignment) {
		errs = append(errs, fmt.Errorf("ASSIGNMENT=%s is unknown: set it to one of %v", e.Assignment, consumer.Assignments))
	}
	return errors.Join(errs...)
}

// checkFenced is for a service that keeps its offsets with its effects, fenced by
// the group's generation.
func (e ConsumerEnv) checkFenced() error {
	if e.Assignment == consumer.ConsumerProtocol || e.InstanceID != "" {
		return errors.New("ASSIGNMENT=consumer-protocol and GROUP_INSTANCE_ID are not for offsets that are kept with the effects, where the group's generation must distinguish owners : leave them out")
	}
	return nil
}

type registrationEnv struct {
	CommonEnv
	registration.Config
	DatabaseURL string        `env:"DATABASE_URL,required,notEmpty" fix:"sqlite:/path/file.db or postgres://user:password@host:5432/name"`
	Idempotent  bool          `env:"IDEMPOTENT" envDefault:"true" fix:"true or false"`
	NamesServer string        `env:"NAMES_SERVER" fix:"host:port of a DNS server that answers over TCP"`
	NamesTTL    time.Duration `env:"NAMES_TTL" envDefault:"1s" fix:"a positive duration like 1s"`
}

func (e registrationEnv) check() error {
	var errs []error
	require := func(variable, value, fix string) {
		if value == "" {
			errs = append(errs, fmt.Errorf("%s is not set, and MODE=%s needs it: set it to %s", variable, e.Mode, fix))
		}
	}
	switch e.Mode {
	case registration.SyncSequential, registration.SyncFanout, registration.SyncHardened:
		if len(e.Callees) > 0 {
			break
		}
		require("EMAIL_URL", e.EmailURL, "a base URL like http://email:8080")
		require("ANALYTICS_URL", e.AnalyticsURL, "a base URL like http://analytics:8080")
		require("CACHE_URL", e.CacheURL, "a base URL like http://cache:8080")
	case registration.Event, registration.EventOutbox, registration.EventTransactional:
		if e.Mode == registration.EventTransactional && !e.Idempotent {
			errs = append(errs, fmt.Errorf("IDEMPOTENT=false, and MODE=%s is nothing without it: leave it true", e.Mode))
		}
		require("KAFKA_BROKERS", strings.Join(e.Brokers, ","), "host:port,host:port")
	default:
		errs = append(errs, fmt.Errorf("MODE=%s is unknown: set it to one of %v", e.Mode, registration.Modes))
	}
	return errors.Join(errs...)
}

type emailEnv struct {
	CommonEnv
	ConsumerEnv
	SMTPAddr    string        `env:"SMTP_ADDR,required,notEmpty" fix:"the mail server's host:port"`
	SMTPTimeout time.Duration `env:"SMTP_TIMEOUT" envDefault:"5s" fix:"a positive duration like 5s"`
	DatabaseURL string        `env:"DATABASE_URL" fix:"sqlite:/path/file.db or postgres://user:password@host:5432/name"`
}

type analyticsEnv struct {
	CommonEnv
	ConsumerEnv
	DatabaseURL     string        `env:"DATABASE_URL,required,notEmpty" fix:"sqlite:/path/file.db or postgres://user:password@host:5432/name"`
	Commit          string        `env:"COMMIT" envDefault:"processed" fix:"processed (when its records are) or auto (in the background)"`
	Offsets         string        `env:"OFFSETS" envDefault:"kafka" fix:"kafka or sink (the database)"`
	DeadLetterTopic string        `env:"DEAD_LETTER_TOPIC" fix:"a topic's name"`
	RetryTopics     []string      `env:"RETRY_TOPICS" fix:"topic,topic"`
	MaxAttempts     int           `env:"MAX_ATTEMPTS" envDefault:"3" fix:"a positive number like 3"`
	RetryBackoff    time.Duration `env:"RETRY_BACKOFF" envDefault:"1s" fix:"a positive duration like 1s"`
}

func (e analyticsEnv) check() error {
	errs := []error{e.ConsumerEnv.check()}
	var ways []string
	switch e.Commit {
	case "processed":
	case "auto":
		ways = append(ways, "COMMIT=auto")
	default:
		errs = append(errs, fmt.Errorf("COMMIT=%s is unknown: set it to processed or auto", e.Commit))
	}
	switch e.Offsets {
	case "kafka":
	case "sink":
		ways = append(ways, "OFFSETS=sink")
		errs = append(errs, e.checkFenced())
	default:
		errs = append(errs, fmt.Errorf("OFFSETS=%s is unknown: set it to kafka or sink", e.Offsets))
	}
	if e.DeadLetterTopic != "" {
		ways = append(ways, "DEAD_LETTER_TOPIC")
	} else if len(e.RetryTopics) > 0 {
		errs = append(errs, errors.New("RETRY_TOPICS is set and DEAD_LETTER_TOPIC is not: name the topic for what is given up"))
	}
	if len(ways) > 1 {
		errs = append(errs, fmt.Errorf("%s exclude each other: set one of them", strings.Join(ways, " and ")))
	}
	return errors.Join(errs...)
}

type projectionEnv struct {
	CommonEnv
	ConsumerEnv
	DatabaseURL string `env:"DATABASE_URL,required,notEmpty" fix:"sqlite:/path/file.db or postgres://user:password@host:5432/name"`
	Rebuild     bool   `env:"REBUILD" fix:"true (delete the view at every start, and make it again from offset 0) or false"`
}

func (e projectionEnv) check() error {
	if len(e.Brokers) == 0 {
		return errors.New("KAFKA_BROKERS is not set, and the view is made of what is in Kafka: set it to host:port,host:port")
	}
	return errors.Join(e.ConsumerEnv.check(), e.checkFenced())
}

type transferEnv struct {
	CommonEnv
	ConsumerEnv
	Output string `env:"KAFKA_OUTPUT,required,notEmpty" fix:"a topic's name"`
}

func (e transferEnv) check() error {
	if len(e.Brokers) == 0 {
		return errors.New("KAFKA_BROKERS is not set: set it to host:port,host:port")
	}
	return e.ConsumerEnv.check()
}

type redriveEnv struct {
	Listen          string     `env:"LISTEN" fix:"host:port to serve HTTP on, for example 127.0.0.1:8080"`
	LogLevel        slog.Level `env:"LOG_LEVEL" envDefault:"info" fix:"debug, info, warn or error"`
	Brokers         []string   `env:"KAFKA_BROKERS,required,notEmpty" fix:"host:port,host:port"`
	DeadLetterTopic string     `env:"DEAD_LETTER_TOPIC,required,notEmpty" fix:"a topic's name"`
	Group           string     `env:"KAFKA_GROUP" envDefault:"redrive" fix:"a consumer group's name"`
	Instance        string     `env:"KAFKA_INSTANCE" envDefault:"redrive" fix:"a client id"`
}

func (e redriveEnv) common() CommonEnv { return CommonEnv{e.Listen, e.LogLevel} }

type cacheEnv struct {
	CommonEnv
	ConsumerEnv
	RedisAddr string `env:"REDIS_ADDR,required,notEmpty" fix:"Redis's host:port"`
}

type mailboxEnv struct {
	CommonEnv
	SMTPListen string `env:"SMTP_LISTEN,required,notEmpty" fix:"host:port to take mail on, for example 127.0.0.1:1025"`
	LedgerFile string `env:"LEDGER_FILE" fix:"a path"`

	MailsPerSecond float64 `env:"MAILS_PER_SECOND" fix:"a positive number like 50"`
}

// readEnv fills in into, a pointer to one of the structs above, from environ.
// Its error has one line for every variable that is missing or malformed.
func readEnv(into any, environ map[string]string) error {
	value := reflect.ValueOf(into).Elem()
	var errs []error
	if err := env.ParseWithOptions(into, env.Options{Environment: environ}); err != nil {
		all := env.AggregateError{}
		if !errors.As(err, &all) {
			return err
		}
		for _, err := range all.Errors {
			errs = append(errs, explain(err, value.Type(), environ))
		}
		return errors.Join(errs...)
	}

	for _, field := range reflect.VisibleFields(value.Type()) {
		switch v := value.FieldByIndex(field.Index).Interface().(type) {
		case time.Duration, int:
			if name, fix := tags(field); name != "" && reflect.ValueOf(v).Int() <= 0 {
				errs = append(errs, fmt.Errorf("%s=%v is not positive: set it to %s", name, v, fix))
			}
		}
	}
	if checked, ok := into.(interface{ check() error }); ok {
		errs = append(errs, checked.check())
	}
	return errors.Join(errs...)
}

// explain puts an error of the env package into words that name the variable
// and the fix.
func explain(err error, of reflect.Type, environ map[string]string) error {
	var notSet env.VarIsNotSetError
	var empty env.EmptyVarError
	var malformed env.ParseError
	for _, field := range reflect.VisibleFields(of) {
		name, fix := tags(field)
		switch {
		case errors.As(err, &notSet) && notSet.Key == name:
			return fmt.Errorf("%s is not set: set it to %s", name, fix)
		case errors.As(err, &empty) && empty.Key == name:
			return fmt.Errorf("%s is empty: set it to %s", name, fix)
		case errors.As(err, &malformed) && malformed.Name == field.Name:
			return fmt.Errorf("%s=%s is malformed: set it to %s", name, environ[name], fix)
		}
	}
	return err
}

func tags(field reflect.StructField) (variable, fix string) {
	variable, _, _ = strings.Cut(field.Tag.Get("env"), ",")
	return variable, field.Tag.Get("fix")
}
