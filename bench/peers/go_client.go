// go_client URL CONNECTIONS REQUESTS [CA_FILE]: Go's net/http on one thread, a goroutine for each connection.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func fail(status int, what ...any) {
	fmt.Fprintln(os.Stderr, append([]any{"go_client:"}, what...)...)
	os.Exit(status)
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		fail(2, "not a number from 1 on:", text)
	}
	return n
}

func get(client *http.Client, url string, size int) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && (response.StatusCode != 200 || len(body) != size) {
		err = fmt.Errorf("status %d, a body of %d bytes", response.StatusCode, len(body))
	}
	return err
}

func getAll(client *http.Client, url string, size, connections, requests int) {
	left := int64(requests)
	var workers sync.WaitGroup
	for i := 0; i < connections; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for atomic.AddInt64(&left, -1) >= 0 {
				if err := get(client, url, size); err != nil {
					fail(1, err)
				}
			}
		}()
	}
	workers.Wait()
}

func usage() syscall.Rusage {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u
}

func peakKiB() int {
	status, err := os.Open("/proc/self/status")
	if err != nil {
		fail(1, err)
	}
	defer status.Close()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); fields[0] == "VmHWM:" {
			return number(fields[1])
		}
	}
	fail(1, "/proc/self/status has no VmHWM")
	return 0
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("Go", strings.TrimPrefix(runtime.Version(), "go"), "net/http")
		return
	}
	if len(os.Args) != 4 && len(os.Args) != 5 {
		fail(2, "usage: go_client URL CONNECTIONS REQUESTS [CA_FILE]")
	}
	runtime.GOMAXPROCS(1)
	url := os.Args[1]
	size, connections, requests := number(path.Base(url)), number(os.Args[2]), number(os.Args[3])
	transport := &http.Transport{
		MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections,
		IdleConnTimeout: 90 * time.Second, DisableCompression: true, TLSClientConfig: &tls.Config{},
	}
	if len(os.Args) == 5 {
		pem, err := os.ReadFile(os.Args[4])
		if err != nil {
			fail(1, err)
		}
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem)
	}
	client := &http.Client{Transport: transport}
	warmUp := requests / 20
	if warmUp < connections {
		warmUp = connections
	}
	getAll(client, url, size, connections, warmUp)
	before, began := usage(), time.Now()
	getAll(client, url, size, connections, requests)
	took, after := time.Since(began).Seconds(), usage()
	micros := func(a, b syscall.Timeval) float64 { return float64(b.Nano()-a.Nano()) / 1e3 / float64(requests) }
	fmt.Printf("{\"user_us\": %.3f, \"system_us\": %.3f, \"rate\": %.1f, \"peak_kib\": %d}\n",
		micros(before.Utime, after.Utime), micros(before.Stime, after.Stime), float64(requests)/took, peakKiB())
}
