// A candidate for a Lease on client-go's own leaderelection: what a controller written in Go is beside ours. It prints
// a line for everything that happens to its leadership and ends when it loses it, as controllers in Go do.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "file with the access to the API server")
	namespace := flag.String("namespace", "kube-system", "namespace of the Lease")
	name := flag.String("name", "kube-vip-cloud-controller", "name of the Lease")
	identity := flag.String("identity", "elector", "who holds it")
	lease := flag.Duration("lease-duration", 15*time.Second, "how long others wait after a renewal")
	renew := flag.Duration("renew-deadline", 10*time.Second, "how long a leader goes on without a renewal")
	retry := flag.Duration("retry-period", 2*time.Second, "time between attempts")
	release := flag.Bool("release", true, "give the Lease back at the end")
	flag.Parse()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		fail(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: *namespace, Name: *name},
			Client:     client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: *identity},
		},
		LeaseDuration:   *lease,
		RenewDeadline:   *renew,
		RetryPeriod:     *retry,
		ReleaseOnCancel: *release,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) { say("leading") },
			OnStoppedLeading: func() { say("stopped") },
			OnNewLeader:      func(leader string) { say("leader is " + leader) },
		},
	})
}

func say(text string) {
	fmt.Printf("%d %s\n", time.Now().UnixMilli(), text)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
