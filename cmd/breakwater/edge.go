package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/alecthomas/kong"
	"github.com/breakwater-kit/breakwater/fixtures/edge"
	_ "github.com/breakwater-kit/breakwater/fixtures/systems/all" // their taps
)

// edgeCommand runs edges until it is asked to end.
type edgeCommand struct {
	Kafka     []string `placeholder:"CLIENT=HOST:PORT,…" sep:"none" help:"An edge for a Kafka client. Several addresses are the cluster's seeds."`
	HTTP      []string `name:"http" placeholder:"CLIENT=HOST:PORT" sep:"none" help:"An edge for an HTTP/1 client."`
	TCP       []string `name:"tcp" placeholder:"CLIENT=HOST:PORT" sep:"none" help:"An edge for any other client: bytes and connections only."`
	API       string   `name:"api" default:"127.0.0.1:8474" placeholder:"HOST:PORT" help:"Where the control API listens (Toxiproxy's, and /breakwater/). Port 0 for any free one. Default: ${default}."`
	APIHost   []string `name:"api-host" placeholder:"HOST" sep:"none" help:"A further name or address by which the API may be asked for. Besides these it goes by localhost, its IP addresses, and the hosts of --api and --advertise."`
	Token     *string  `placeholder:"TEXT" env:"${edge_token}" help:"Serve the API only to who sends it, as Authorization: Bearer. Others on the machine see arguments: rather use the variable. Default: none, so keep the API on loopback."`
	Listen    string   `default:"127.0.0.1" placeholder:"IP" help:"Where the edges listen. Default: ${default}."`
	Advertise string   `placeholder:"HOST" help:"By which host clients reach the edges. Default: that of --listen."`
	Ports     string   `placeholder:"FIRST-LAST" help:"Ports for the edges. Default: any that are free."`
	Events    string   `placeholder:"FILE" help:"Write what crosses the edges to a file, - for stdout, one JSON object a line."`
	JSON      bool     `name:"json" help:"Say on stdout, in one line of JSON, where the API and the edges are."`
	UntilEOF  bool     `name:"until-eof" help:"End when stdin does: with the parent process."`
}

// settings are what the flags say, checked.
type settings struct {
	config edge.Config
	specs  []edge.Spec
}

func (c *edgeCommand) settings() (s settings, err error) {
	s.config = edge.Config{Listen: c.Listen, Advertise: c.Advertise, Hosts: c.APIHost}
	if net.ParseIP(c.Listen) == nil {
		return s, fmt.Errorf("--listen %q is no IP address; give one, such as 127.0.0.1 or 0.0.0.0", c.Listen)
	}
	if net.ParseIP(c.Listen).IsUnspecified() && c.Advertise == "" {
		return s, fmt.Errorf("--listen %s is every address, so clients need one; add --advertise HOST", c.Listen)
	}
	if c.Advertise != "" && !isHost(c.Advertise) {
		return s, fmt.Errorf("--advertise %q is no host; write a name or an IP address, without a port", c.Advertise)
	}
	for _, h := range c.APIHost {
		if !isHost(h) {
			return s, fmt.Errorf("--api-host %q is no host; write a name or an IP address, without a port", h)
		}
	}
	if c.Token != nil {
		if s.config.Token = *c.Token; *c.Token == "" {
			return s, fmt.Errorf("--token is empty; give one, or unset %s", edge.TokenVariable)
		}
	}
	if c.Ports != "" {
		p := &s.config.Ports
		first, last, _ := strings.Cut(c.Ports, "-")
		var err1, err2 error
		p.First, err1 = strconv.Atoi(first)
		p.Last, err2 = strconv.Atoi(last)
		if err1 != nil || err2 != nil || p.First < 1 || p.Last > 65535 || p.First > p.Last {
			return s, fmt.Errorf("--ports %q is no range; write it like 20000-20100", c.Ports)
		}
	}
	host, _, err := net.SplitHostPort(c.API)
	if err != nil {
		return s, fmt.Errorf("--api %q is no address; write HOST:PORT, such as 127.0.0.1:8474", c.API)
	}
	if host != "" {
		s.config.Hosts = append(s.config.Hosts, host)
	}
	if c.JSON && c.Events == "-" {
		return s, errors.New("--json and --events - both write to stdout; give --events a file")
	}
	names := map[string]string{}
	for _, flag := range []struct {
		protocol edge.Protocol
		values   []string
	}{{"kafka", c.Kafka}, {edge.HTTP, c.HTTP}, {edge.TCP, c.TCP}} {
		for _, value := range flag.values {
			given := fmt.Sprintf("--%s %s", flag.protocol, value)
			name, upstreams, ok := strings.Cut(value, "=")
			if !ok {
				return s, fmt.Errorf("%s: write CLIENT=HOST:PORT", given)
			}
			spec := edge.Spec{Name: name, Client: name, To: string(flag.protocol), Protocol: flag.protocol, Upstreams: strings.Split(upstreams, ",")}
			if spec, err = spec.Normal(); err != nil {
				return s, fmt.Errorf("%s: %w", given, err)
			}
			if other, taken := names[name]; taken {
				return s, fmt.Errorf("%s: the name %q is that of %s already; choose another", given, name, other)
			}
			names[name] = given
			s.specs = append(s.specs, spec)
		}
	}
	return s, nil
}

// isHost is whether the text can be a name or an IP address.
func isHost(text string) bool {
	return text != "" && !strings.ContainsAny(text, " /=,") && (!strings.Contains(text, ":") || net.ParseIP(text) != nil)
}

// Run runs the edges until ctx ends, or stdin does with --until-eof.
func (c *edgeCommand) Run(ctx context.Context, k *kong.Kong, stdin io.Reader) (err error) {
	s, err := c.settings()
	if err != nil {
		return err
	}
	api, err := net.Listen("tcp", c.API)
	if err != nil {
		return fmt.Errorf("--api %s: %w; %s", c.API, err, elsewhere(err))
	}
	defer api.Close()
	if err := canListen(c.Listen); err != nil {
		return fmt.Errorf("--listen %s: %w; %s", c.Listen, err, elsewhere(err))
	}
	sink, finish, err := c.openEvents(k.Stdout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, finish()) }()

	server, err := edge.New(s.config)
	if err != nil {
		return err
	}
	defer server.Close()
	addresses := map[string]string{}
	for _, spec := range s.specs {
		if addresses[spec.Name], err = server.Add(spec); err != nil {
			flags := fmt.Sprintf("--%s %s", spec.Protocol, spec.Name)
			if c.Ports != "" {
				flags += " --ports " + c.Ports
			}
			return fmt.Errorf("%s: %w", flags, err)
		}
	}
	if !api.Addr().(*net.TCPAddr).IP.IsLoopback() && c.Token == nil {
		fmt.Fprintf(k.Stderr, "breakwater: warning: --api %s is reached from other machines, and whoever reaches it can break every connection; keep it on 127.0.0.1, or set %s\n", c.API, edge.TokenVariable)
	}
	if err := c.announce(k, c.at(api), s.specs, addresses); err != nil {
		return err
	}

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if c.UntilEOF {
		go func() {
			defer stop()
			_, _ = io.Copy(io.Discard, stdin)
		}()
	}
	return edge.Serve(ctx, server, api, sink)
}

// at is where the API listens: the host as it was given, and the port as it is.
func (c *edgeCommand) at(api net.Listener) string {
	host, _, _ := net.SplitHostPort(c.API) // checked before it was listened on
	return net.JoinHostPort(cmp.Or(host, "localhost"), strconv.Itoa(api.Addr().(*net.TCPAddr).Port))
}

// canListen tries the address with any port.
func canListen(ip string) error {
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		return err
	}
	return l.Close()
}

// elsewhere is the way out of an address that cannot be listened on.
func elsewhere(err error) string {
	unknown := (*net.DNSError)(nil)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "choose another port, or 0 for any free one"
	case errors.Is(err, fs.ErrPermission):
		return "choose a port above 1023"
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.As(err, &unknown):
		return "give an address of this machine, such as 127.0.0.1"
	default:
		return "give an address of this machine and a port from 0 to 65535"
	}
}

// openEvents opens where --events says; nil for nowhere.
func (c *edgeCommand) openEvents(stdout io.Writer) (to io.Writer, finish func() error, err error) {
	finish = func() error { return nil }
	switch c.Events {
	case "":
		return nil, finish, nil
	case "-":
		return stdout, finish, nil
	}
	f, err := os.Create(c.Events)
	if err != nil {
		return nil, finish, fmt.Errorf("--events: %w; give a file that can be written", err)
	}
	return f, f.Close, nil
}

// announce reports where everything is.
func (c *edgeCommand) announce(k *kong.Kong, api string, specs []edge.Spec, addresses map[string]string) error {
	if c.JSON {
		line := struct {
			API   string            `json:"api"`
			Edges map[string]string `json:"edges,omitempty"`
		}{api, addresses}
		return json.NewEncoder(k.Stdout).Encode(line)
	}
	out := k.Stdout
	if c.Events == "-" {
		out = k.Stderr
	}
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, spec := range specs {
		fmt.Fprintf(w, "%s\t%s\t→ %s (%s)\n", spec.Name, addresses[spec.Name], strings.Join(spec.Upstreams, ","), spec.Protocol)
	}
	fmt.Fprintf(w, "control API\thttp://%s\n", api)
	_ = w.Flush() // into memory
	_, err := text.WriteTo(out)
	return err
}
