// go_client URL CONNECTIONS [CA_FILE]: so many concurrent requests through one net/http Transport, which leave as many idle
// connections. bench/memory/run reads its memory at each word it says, and answers with a line.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "go_client:", err)
		os.Exit(1)
	}
}

func getAll(client *http.Client, url string, n int) {
	done := make(chan error)
	for i := 0; i < n; i++ {
		go func() {
			response, err := client.Get(url)
			if err == nil {
				_, err = io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
			done <- err
		}()
	}
	for i := 0; i < n; i++ {
		check(<-done)
	}
}

func main() {
	if len(os.Args) != 3 && len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: go_client URL CONNECTIONS [CA_FILE]")
		os.Exit(2)
	}
	url := os.Args[1]
	connections, err := strconv.Atoi(os.Args[2])
	check(err)
	transport := &http.Transport{MaxIdleConnsPerHost: connections, TLSClientConfig: &tls.Config{}}
	if len(os.Args) == 4 {
		pem, err := os.ReadFile(os.Args[3])
		check(err)
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem)
	}
	client := &http.Client{Transport: transport}
	lines := bufio.NewReader(os.Stdin)
	say := func(word string) {
		fmt.Println(word)
		lines.ReadString('\n')
	}
	getAll(client, url+"/now", 1)
	debug.FreeOSMemory()
	say("ready")
	getAll(client, url+"/hold", connections)
	say("idle")
	debug.FreeOSMemory()
	say("collected")
}
