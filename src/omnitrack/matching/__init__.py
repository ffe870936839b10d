"""Matching of similar people: suggestions with reasons, never merges. Pure functions without a store."""

from __future__ import annotations

from omnitrack.matching.blocking import RULES, Rule, blocking_keys
from omnitrack.matching.columns import ColumnsLeftOutWarning, ColumnUse
from omnitrack.matching.explain import Comparison, Score
from omnitrack.matching.headings import TRAITS
from omnitrack.matching.lists import Cluster, Matches, Member, Reason, match
from omnitrack.matching.profile import Profile, identifier_profile, merge_profiles
from omnitrack.matching.traits import normalise_traits, profile
from omnitrack.matching.weights import Model, ModelFormatError, Weights

__all__ = [
    "RULES",
    "TRAITS",
    "Cluster",
    "ColumnUse",
    "ColumnsLeftOutWarning",
    "Comparison",
    "Matches",
    "Member",
    "Model",
    "ModelFormatError",
    "Profile",
    "Reason",
    "Rule",
    "Score",
    "Weights",
    "blocking_keys",
    "identifier_profile",
    "match",
    "merge_profiles",
    "normalise_traits",
    "profile",
]
