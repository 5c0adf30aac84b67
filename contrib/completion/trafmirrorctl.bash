# SPDX-License-Identifier: ISC
# bash completion for trafmirrorctl(8); names are asked from the daemon.

_trafmirrorctl_names() {
	trafmirrorctl "${socket[@]}" list "$1" 2>/dev/null
}

_trafmirrorctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} word command= i name
	local commands='status top metrics explain reload enable disable drain
	    undrain tag untag reset verify listen list ping version'
	local socket=() args=() words=()

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-*s)
			socket=(-s "${COMP_WORDS[++i]}")
			;;
		-*[rt]) ((++i)) ;;
		-*) ;;
		*)
			if [[ -z $command ]]; then
				command=$word
			else
				args+=("$word")
			fi
			;;
		esac
	done
	COMPREPLY=()
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	-*[rs])
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	-*t) return ;;
	esac
	if [[ -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
		    "$commands -h -j -r -s -t -V" -- "$cur")
		return
	fi
	((${#args[@]} == 0)) || return
	case $command in
	status | top | explain | enable | disable | tag | untag | verify)
		mapfile -t words < <(_trafmirrorctl_names mirrors)
		;;
	drain | undrain)
		mapfile -t words < <(_trafmirrorctl_names targets)
		;;
	reset)
		mapfile -t words < <(_trafmirrorctl_names mirrors
			_trafmirrorctl_names targets)
		;;
	list) words=(mirrors targets) ;;
	esac
	for name in "${words[@]}"; do
		printf -v word %q "$name"
		[[ $word != "$cur"* && $name != "$cur"* ]] ||
			COMPREPLY+=("$word")
	done
}
complete -F _trafmirrorctl trafmirrorctl
