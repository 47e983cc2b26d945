namespace QuantNotebooks.Equalization;

/// <summary>Why a factor must stay 1.</summary>
/// <param name="Node">The node, input or output of the graph that demands it.</param>
/// <param name="Reason">What it is about that place.</param>
internal sealed record Refusal(string Node, string Reason);

/// <summary>
/// The classes of channels that must share one factor: a disjoint-set forest. A class that is refused has the factor 1, so refused classes need
/// not be joined to be equal; they stay apart, so that each keeps its own reason.
/// </summary>
internal sealed class FactorClasses
{
    private readonly List<int> _parents = [];
    private readonly List<Refusal?> _refusals = [];

    public int Count => _parents.Count;

    public int New(Refusal? refusal = null)
    {
        _parents.Add(_parents.Count);
        _refusals.Add(refusal);
        return _parents.Count - 1;
    }

    public int Find(int member)
    {
        while (_parents[member] != member) member = _parents[member] = _parents[_parents[member]];
        return member;
    }

    /// <summary>Why the class of this member must have the factor 1, or null where it is free.</summary>
    public Refusal? RefusalOf(int member) => _refusals[Find(member)];

    /// <summary>Demands the factor 1; the first reason is kept.</summary>
    public void Refuse(int member, Refusal refusal) => _refusals[Find(member)] ??= refusal;

    /// <summary>Demands that both have the same factor.</summary>
    public void Join(int one, int other)
    {
        (one, other) = (Find(one), Find(other));
        if (one == other) return;
        if (_refusals[one] is { } first) Refuse(other, first);
        else if (_refusals[other] is { } second) Refuse(one, second);
        // The older one stays: classes keep the order in which the network makes them.
        else _parents[Math.Max(one, other)] = Math.Min(one, other);
    }
}
