# SPDX-License-Identifier: GPL-2.0-or-later
# The output of `kselftests` in, the same out, where
# - a skip is a failure, unless its reason matches the pattern `allowed`;
# - a program whose results are not what it planned, or which fails without
#   saying so, gets a failure of its own.

/^# program / { program = $3; plan = results = failures = 0 }

/^1\.\.[0-9]+/ { plan = substr($1, 4) }

/^ok .*# *SKIP/ && (allowed == "" || $0 !~ allowed) {
	sub(/^ok/, "not ok")
	$0 = $0 " (nothing may be skipped here)"
}

/^ok / { results++ }

/^not ok / { results++; failures++ }

/^# status / {
	status = $3
	if (plan > results)
		print "not ok - " program ": " results " results of " plan
	else if (status == 4 && !results)
		print "not ok - " program ": skipped whole"
	else if (status != 0 && status != 4 && !failures)
		print "not ok - " program ": exit status " status
	else if (!results)
		print (status ? "not ok - " : "ok - ") program
}

{ print; fflush() }
