"""Parties and what they may do."""

from rest_framework import serializers

from accounts.models import Capability, Party


class NamedParty(serializers.ModelSerializer[Party]):
    class Meta:
        model = Party
        fields = ("id", "name")


class CapabilityRow(serializers.ModelSerializer[Capability]):
    class Meta:
        model = Capability
        fields = ("kind", "level", "region", "valid_from", "valid_until")


class PartyRow(serializers.ModelSerializer[Party]):
    capabilities = CapabilityRow(many=True)

    class Meta:
        model = Party
        fields = ("id", "kind", "name", "region", "uscc", "state", "verified_until", "capabilities")
