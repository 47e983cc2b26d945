using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Sweep;

public sealed class TensorPoolTests
{
    private const int KiB = 1024;

    [Fact]
    public void A_longer_block_serves_a_short_tensor_while_the_pool_may_keep_the_rest_free()
    {
        using var pool = new TensorPool(4096 * KiB);
        pool.Return(pool.Rent(4096 * KiB));
        var part = pool.Rent(1024 * KiB);
        Assert.Equal((4096 * KiB, 3072 * KiB), ((int)part.Bytes, (int)part.Tail));
        pool.Return(pool.Rent(4096 * KiB));
        // Of the 4 MiB that may be left free in blocks 3 are behind that tensor.
        var other = pool.Rent(2048 * KiB);
        Assert.Equal((2048 * KiB, 0), ((int)other.Bytes, (int)other.Tail));
        pool.Return(part);
        pool.Return(other);
    }

    [Fact]
    public void A_block_half_as_long_again_is_taken_whatever_is_free()
    {
        using var pool = new TensorPool(1536 * KiB);
        pool.Return(pool.Rent(1536 * KiB));
        pool.Return(pool.Rent(256 * KiB));
        var small = pool.Rent(1024 * KiB);
        Assert.Equal(1536 * KiB, (int)small.Bytes);
        pool.Return(small);
        using var none = new TensorPool(0);
        none.Return(none.Rent(1536 * KiB));
        var fresh = none.Rent(1024 * KiB);
        Assert.Equal(1024 * KiB, (int)fresh.Bytes);
        none.Return(fresh);
    }
}
