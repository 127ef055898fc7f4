using System.Runtime.InteropServices;
using Engine.Cache;

namespace Engine;

// Saved conversations; SavedSession reads them.
public sealed partial class Session
{
    /// <summary>Text of the application's own, saved with the conversation (such as the messages that it was made of);
    /// null = none.</summary>
    public string? Note { get; set; }

    /// <summary>Saves the conversation with its cache, so that <see cref="LanguageModel.LoadSession"/> goes on with the
    /// very tokens that would have followed: under a temporary name in the same folder, then flushed to disk and
    /// renamed, so that the path never shows half a session. An existing file is replaced.</summary>
    /// <remarks>Holds tokens, cached keys and values as far as they are used, what approximate attention knows of them,
    /// the last logits, <see cref="Note"/> and
    /// what identifies the model. A <see cref="Sampling.Sampler"/> belongs to its owner and is not saved.</remarks>
    /// <exception cref="IOException">The file cannot be written; the path is unchanged.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ObjectDisposedException.ThrowIf(disposed, this);
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(
                temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                var writer = new SessionFileWriter(stream, Hyper is null ? SessionFileWriter.Version
                    : SessionFileWriter.ApproximateVersion);
                Write(writer);
                writer.Finish();
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Everything but the preamble; <see cref="SavedSession"/> has the layout.</summary>
    private void Write(SessionFileWriter writer)
    {
        SequenceCache cache = sequence.Cache;
        UInt128 fingerprint = Model.Fingerprint;
        writer.Text(Model.Architecture);
        writer.Text(Model.Name);
        writer.UInt64((ulong)(fingerprint >> 64));
        writer.UInt64((ulong)fingerprint);
        foreach (int number in (int[])
            [
                ContextLength, (int)cache.Ring(0).Type, Slides ? 1 : 0, sinkTokens, sequence.Selector?.Budget ?? 0,
                Length, cache.Length, cache.Gap, hasLogits ? 1 : 0,
            ])
            writer.Int32(number);
        writer.UInt64((ulong)DroppedTokens);
        writer.UInt64(dropped.First);
        writer.UInt64(dropped.Second);
        writer.Bytes(MemoryMarshal.AsBytes(Tokens));
        if (hasLogits) writer.Bytes(MemoryMarshal.AsBytes(logits.AsSpan()));
        writer.Int32(Note is null ? 0 : 1);
        writer.Text(Note ?? "");
        if (Hyper is not null) SavedAttention.Write(writer, Hyper);
        writer.Int32(cache.Groups);
        for (int group = 0; group < cache.Groups; group++) SavedRing.Write(writer, cache.Ring(group), Guarded);
        Hyper?.Save(writer, cache.Length, Guarded);
    }

    /// <summary>Runs a copy from the cache while nobody can dispose it.</summary>
    private void Guarded(Action copy)
    {
        lock (Model.Transformer.Gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            copy();
        }
    }

    /// <summary>Fills a session that was just opened.</summary>
    internal void Restore(SessionFileReader reader, SavedSession saved)
    {
        saved.Tokens.CopyTo(tokens, 0);
        Length = saved.Tokens.Length;
        Note = saved.Note;
        DroppedTokens = saved.DroppedTokens;
        dropped = saved.Dropped;
        if (saved.Logits is not null)
        {
            saved.Logits.CopyTo(logits, 0);
            hasLogits = true;
        }

        SequenceCache cache = sequence.Cache;
        reader.Expect("number of caches", cache.Groups);
        for (int group = 0; group < cache.Groups; group++)
            SavedRing.Read(reader, cache.Ring(group), saved.Evaluated, saved.Gap);
        bool learnt = RestoreAttention(reader, saved);
        if (reader.Remaining > 0) throw reader.Error("end", "the end of the file", $"{reader.Remaining} more bytes");
        cache.Restore(saved.Evaluated, saved.Gap);
        lock (Model.Transformer.Gate)
        {
            ObjectDisposedException.ThrowIf(Model.Transformer.IsDisposed, Model);
            // In a larger context than before, positions may leave their limit earlier.
            if (cache.MustCloseGap) Model.Transformer.Forward.CloseGap(sequence);
            Model.Transformer.Forward.BoundPages(sequence);
            if (Hyper is not null && !learnt)
                Model.Transformer.LearnRanks(sequence, tokens.AsSpan(0, saved.Evaluated));
        }
    }

    /// <summary>Reads what approximate attention had learnt; false if the session needs something else.</summary>
    private bool RestoreAttention(SessionFileReader reader, SavedSession saved)
    {
        if (saved.Attention is not { } options) return false;
        if (Hyper is not { } hyper
            || !hyper.LearnsAs(HyperOptions.Check(options), options.Layers.Resolve(Model.Transformer.Config)))
        {
            reader.Skip(reader.Remaining);
            return false;
        }

        hyper.Load(reader, saved.Evaluated);
        return true;
    }
}
