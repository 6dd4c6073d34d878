# Completion of upnp-trio in bash, 3.2 or later:  eval "$(upnp-trio completion bash)"  in ~/.bashrc

_upnp_trio() {
    # bash takes words apart at : and =, so the pieces that no space separates are joined again
    local rest=${COMP_LINE:0:COMP_POINT} words=() last=-1 index piece
    for ((index = 0; index <= COMP_CWORD; index++)); do
        piece=${COMP_WORDS[index]}
        if ((last < 0)) || [[ $rest == [[:space:]]* || -z $rest && -z $piece ]]; then
            rest=${rest#"${rest%%[![:space:]]*}"}
            ((++last))
            words[last]=
        fi
        ((index == COMP_CWORD)) && piece=$rest # the cursor may be within the word
        words[last]+=$piece
        rest=${rest#"$piece"}
    done
    local current=${words[last]}
    local done_part=$current # what bash takes for earlier words
    case $COMP_WORDBREAKS in
    *[:=]*) done_part=${current%"${current##*[:=]}"} ;;
    *) done_part= ;;
    esac
    [[ $current == [\"\']* ]] && done_part=

    COMPREPLY=()
    local line ends_with_equals=yes
    while IFS= read -r line; do
        case $line in
        :files) _upnp_trio_paths -f "$current" ;;
        :directories) _upnp_trio_paths -d "$current" ;;
        *)
            COMPREPLY+=("${line#"$done_part"}")
            [[ $line == *= ]] || ends_with_equals=
            ;;
        esac
    done < <("@PROGRAM@" complete bash "${words[@]:1}" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -gt 0 && -n $ends_with_equals ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

_upnp_trio_paths() {
    local path
    compopt -o filenames 2>/dev/null
    while IFS= read -r path; do
        COMPREPLY+=("$path")
    done < <(compgen "$1" -- "$2")
    ends_with_equals=
}

complete -F _upnp_trio upnp-trio
