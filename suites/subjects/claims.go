package subjects

// Claims are the claims that the suites put to the test, by their id.
var Claims = map[string]string{
	"S1":  "A slow callee blocks its caller",
	"S2":  "One time-out in a fan-out delays everything",
	"S3":  "Failure cascades up the synchronous chain",
	"S4":  "The caller becomes the bottleneck",
	"S5a": "Without a queue, what a dead callee missed is gone",
	"S5b": "A caller that dies in mid-call loses work",
	"S6":  "Adding a callee means changing its caller",
	"S7":  "A callee that moves breaks its callers",
	"E1":  "Publishing does not wait for consumers",
	"E2":  "A consumer recovers by replaying from its last committed offset",
	"E3":  "History can be replayed on purpose",
	"E4":  "Consumption scales by partitions and consumers, and groups read the same events independently",
	"E5":  "Exactly-once is possible",
	"E6":  "Retries and a dead letter queue bring every record to one end",
	"E7":  "State can be rebuilt from events; the log is an audit trail",
	"E8":  "A view is made of events as they come",
	"T1":  "What is acknowledged takes effect later",
	"T2":  "Events are harder to follow",
	"T3":  "The broker is a new single point of failure",
	"T5":  "Order holds for each key, and not overall",
}
