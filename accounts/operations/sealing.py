"""After a change of keys: everything that is sealed, sealed again under the first key."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts import identity, sealing
from accounts.evidence import store
from accounts.models import EvidenceFile, Party

SECRETS = ("secret", "seed")  # of an authenticator app, of recovery codes


@transaction.atomic
def reseal_everything() -> int:
    """Identity numbers with their blind index, the secrets of second factors, files of evidence. Returns how many.

    Changes nothing that anybody sees, so it leaves no ledger entry. Raises InvalidToken, and changes nothing, when a
    key is missing that is still needed.
    """
    parties = list(Party.objects.select_for_update().exclude(id_encrypted=""))
    for party in parties:
        number = sealing.unseal(party.id_encrypted)
        Party.objects.filter(pk=party.pk).update(**identity.seal_document(party.id_kind, number))
    factors = list(Authenticator.objects.select_for_update().filter(type__in=("totp", "recovery_codes")))
    for factor in factors:
        factor.data |= {name: sealing.reseal(factor.data[name]) for name in SECRETS if name in factor.data}
        factor.save(update_fields=["data"])
    files = list(EvidenceFile.objects.select_for_update().filter(removed_at=None))
    for file in files:
        store.reseal(file)
    return len(parties) + len(factors) + len(files)
