import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.Options;

/** Stores that live for one case: opening and closing them is most of what a case costs, so nothing is done for later. */
public final class BriefStores implements RocksDBConfigSetter {
    @Override
    public void setConfig(String store, Options options, Map<String, Object> configs) {
        options.setAvoidFlushDuringShutdown(true);
        options.setStatsDumpPeriodSec(0);
        options.setStatsPersistPeriodSec(0);
        options.setInfoLogLevel(InfoLogLevel.FATAL_LEVEL);
        options.setWriteBufferSize(1 << 20);
    }

    @Override
    public void close(String store, Options options) { }
}
