# bash completion for asayer-cli

_asayer_cli_completion() {
    local answer
    mapfile -t answer < <(
        _ASAYER_CLI_COMPLETE=bash _ASAYER_CLI_LINE="${COMP_LINE:0:COMP_POINT}" _ASAYER_CLI_REPLACED="$2" \
            "${1/#\~/$HOME}" 2>/dev/null
    )
    COMPREPLY=("${answer[@]:1}")
    case ${answer[0]-} in
        file) compopt -o default ;;
        dir) compopt -o dirnames ;;
    esac
}

complete -o nosort -F _asayer_cli_completion asayer-cli
