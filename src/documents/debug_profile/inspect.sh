phase='' started='' code='' why='' said='' later='' tries=0 misses=0
inspect() {
    seen=$(kubectl get pod "$@" --output="jsonpath={.status.phase}|{range .status.${statuses}[?(@.name=='$name')].state}{.running.startedAt}|{.terminated.exitCode}|{.waiting.reason}{.terminated.reason} {.waiting.message}{end}" </dev/null) || {
        misses=$((misses + 1))
        [ "$misses" -lt 5 ] || again 0 'the pod cannot be read' 2
        return 1
    }
    phase=${seen%%|*}
    seen=${seen#*|}
    started=${seen%%|*}
    seen=${seen#*|}
    code=${seen%%|*}
    why=${seen#*|}
}
again() {
    tries=$((tries + 1))
    if [ "$tries" -ge "$1" ]; then
        say "$2$later"
        exit "$3"
    fi
    sleep 1
}
