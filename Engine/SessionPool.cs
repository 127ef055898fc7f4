using Microsoft.Extensions.ObjectPool;

namespace Engine;

/// <summary>A bounded set of sessions of one model, for servers: opening a session reserves its whole cache, so
/// requests take turns with a few instead.</summary>
/// <remarks>Safe for any number of threads. A session comes back empty. Dispose the pool before its model, when nothing
/// is rented any more.</remarks>
public sealed class SessionPool : IDisposable
{
    private readonly ObjectPool<Session> pool;
    private readonly SemaphoreSlim free;

    /// <summary>Creates a pool; sessions are opened when they are first needed.</summary>
    /// <param name="model">Model of the sessions.</param>
    /// <param name="capacity">Most sessions that exist at a time.</param>
    /// <param name="options">How each is opened; null = defaults.</param>
    public SessionPool(LanguageModel model, int capacity, SessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        // The pool itself creates without bound and merely keeps this many: the semaphore is the bound.
        var provider = new DefaultObjectPoolProvider { MaximumRetained = capacity };
        pool = provider.Create(new Policy(model, options));
        free = new SemaphoreSlim(capacity, capacity);
    }

    /// <summary>Waits for a free session.</summary>
    /// <exception cref="OperationCanceledException">Nothing became free before the cancellation.</exception>
    public async ValueTask<Rental> RentAsync(CancellationToken cancellation = default)
    {
        await free.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return new Rental(this, pool.Get());
        }
        catch
        {
            free.Release();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        (pool as IDisposable)?.Dispose();
        free.Dispose();
    }

    private void Return(Session session)
    {
        try
        {
            pool.Return(session);
        }
        finally
        {
            free.Release();
        }
    }

    /// <summary>A session on loan; disposing it gives the session back, once.</summary>
    public sealed class Rental : IDisposable
    {
        private readonly SessionPool pool;
        private Session? session;

        internal Rental(SessionPool pool, Session session)
        {
            this.pool = pool;
            this.session = session;
        }

        /// <summary>The session; not to be used, nor disposed, after the rental.</summary>
        /// <exception cref="ObjectDisposedException">It has been given back.</exception>
        public Session Session => session ?? throw new ObjectDisposedException(nameof(Rental));

        /// <inheritdoc/>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref session, null) is { } rented) pool.Return(rented);
        }
    }

    private sealed class Policy(LanguageModel model, SessionOptions? options) : PooledObjectPolicy<Session>
    {
        public override Session Create() => model.CreateSession(options);

        public override bool Return(Session obj)
        {
            // A tenant may have disposed it: the next one gets a new one.
            if (obj.IsDisposed) return false;
            obj.Reset();
            return true;
        }
    }
}
