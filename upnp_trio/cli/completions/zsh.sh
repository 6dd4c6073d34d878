#compdef upnp-trio
# Completion of upnp-trio in zsh:  eval "$(upnp-trio completion zsh)"  in ~/.zshrc, after compinit

_upnp_trio() {
    local line value
    local -a plain plain_shown open open_shown
    while IFS= read -r line; do
        case $line in
        (:files) _files ;;
        (:directories) _files -/ ;;
        (*)
            value=${line%%$'\t'*}
            if [[ $value == *= ]]; then
                open+=("$value")
                open_shown+=("${line/$'\t'/  -- }")
            else
                plain+=("$value")
                plain_shown+=("${line/$'\t'/  -- }")
            fi
            ;;
        esac
    done < <("@PROGRAM@" complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    # compadd quotes what needs it
    (( $#plain )) && compadd -l -V plain -d plain_shown -a plain
    (( $#open )) && compadd -l -V open -S '' -d open_shown -a open
    return 0
}

if [[ $funcstack[1] == _upnp_trio ]]; then
    _upnp_trio "$@"
else
    compdef _upnp_trio upnp-trio
fi
