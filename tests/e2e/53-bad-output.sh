#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What is there is never overwritten, and nothing is signed for it.

. "$(dirname "$0")/lib.sh"
take_authority
request ca
must sign ca.csr
id=$(serial 1)
echo mine >there

refused 4 'there: exists already' see show "$id" --out there
refused 4 'there: exists already' see root show --out there
recorded crl 'there: exists already' ca crl --out there
recorded bundle 'there: exists already' ca bundle --for files --out there "$id"
refused 4 'root: exists already' begin acm-pca-rsa-4096 root
refused 3 'none: No such file or directory' see show "$id" --out none/ca.pem
refused 2 '--out takes one ID and one consumer' ca bundle --for files --out new "$id" "$id"
must ca crl
must ca bundle --for files "$id"
recorded bundle "root/bundles/files-$(echo "$id" | cut -c 1-16): exists \
already" ca bundle --for files "$id"
refused 2 'no consumer aws: there are acm-pca, cloudhsm, adcs, iot, '\
'api-gateway, roles-anywhere, files' \
	ca bundle --for aws "$id"
refused 2 'no certificate 000000: give its serial, or the first six digits or '\
'more' see show 000000
ln -s nowhere link
recorded crl 'link: exists already' ca crl --out link

finish
