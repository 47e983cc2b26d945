namespace QuantNotebooks.Networks;

/// <summary>Where in a layer its values are looked at.</summary>
public enum LayerPoint
{
    /// <summary>After the linear operator and its bias.</summary>
    BeforeActivation,

    /// <summary>After the activation.</summary>
    AfterActivation,
}
