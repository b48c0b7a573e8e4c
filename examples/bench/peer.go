// The two calls by AWS's SDK for Go, as a program in a pod would make them. It is given the endpoint by hand, for not
// every version of the SDK reads AWS_ENDPOINT_URL_STS itself.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	standIn := func(_, region string, _ ...interface{}) (aws.Endpoint, error) {
		return aws.Endpoint{URL: os.Getenv("AWS_ENDPOINT_URL_STS"), SigningRegion: region}, nil
	}
	resolver := aws.EndpointResolverWithOptionsFunc(standIn)
	settings, err := config.LoadDefaultConfig(context.Background(), config.WithEndpointResolverWithOptions(resolver))
	if err != nil {
		log.Fatal(err)
	}
	caller, err := sts.NewFromConfig(settings).GetCallerIdentity(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*caller.Arn)
}
