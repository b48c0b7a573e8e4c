say "waiting for container $name to start"
until inspect "$@" && [ -n "$started$code" ]; do
    [ -z "${why% }" ] || [ "$why" = "$said" ] || say "it has not started yet: $why"
    said=$why
    case $phase/$why in
        *'unable to find target container'*) say 'the target is not running any more; run irsa-probe debug-profile again' && exit 2 ;;
        Failed/* | Succeeded/*) say "the pod has ended ($phase); nothing was checked" && exit 2 ;;
        */ImagePullBackOff* | */InvalidImageName* | */ErrImageNeverPull*) say 'the image cannot be pulled; nothing was checked' && exit 2 ;;
    esac
    again 120 "container $name did not start within 2 minutes" 2
done
tries=0
until kubectl logs "$@" --container="$name" --follow </dev/null; do
    again 10 'the log cannot be read' 3
done
tries=0
until [ -n "$code" ]; do
    again 60 'the exit code of the probe is not known' 3
    inspect "$@" || :
done
case $code in
    [0-4]) ;;
    *) say "the container ended with code $code (${why% }), which is not a verdict; a debug container is killed when its target ends" ;;
esac
exit "$code"
