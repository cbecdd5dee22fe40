// SPDX-License-Identifier: Apache-2.0
#include "server/logs/azure_schemas.h"

#include <array>

namespace lw::server::logs {
namespace {

struct Schema {
  std::string_view table;
  std::string_view columns;
};

// From the public reference of Azure Monitor's tables: names and types, nothing else.
constexpr std::array kSchemas = {
    Schema{"NWConnectionMonitorTestResult",
           "AdditionalData:string AvgRoundTripTimeMs:real _BilledSize:real ChecksFailed:int "
           "ChecksFailedPercentThreshold:int ChecksTotal:int ConnectionMonitorResourceId:string "
           "DestinationAddress:string DestinationAgentId:string DestinationIP:string "
           "DestinationName:string DestinationPort:int DestinationResourceId:string "
           "DestinationSubnet:string DestinationType:string _IsBillable:string JitterMs:real "
           "MaxRoundTripTimeMs:real MinRoundTripTimeMs:real Protocol:string RecordId:string "
           "_ResourceId:string RoundTripTimeMsThreshold:real SourceAddress:string "
           "SourceAgentId:string SourceIP:string SourceName:string SourceResourceId:string "
           "SourceSubnet:string SourceSystem:string SourceType:string _SubscriptionId:string "
           "TenantId:string TestConfigurationName:string TestGroupName:string TestResult:string "
           "TestResultCriterion:string TimeGenerated:datetime Type:string"},
    Schema{
        "NWConnectionMonitorPathResult",
        "AdditionalData:string AvgRoundTripTimeMs:real _BilledSize:real ChecksFailed:int "
        "ChecksFailedPercentThreshold:int ChecksTotal:int ConnectionMonitorResourceId:string "
        "DestinationAddress:string DestinationAgentId:string DestinationIP:string "
        "DestinationName:string DestinationPort:int DestinationResourceId:string "
        "DestinationSubnet:string DestinationType:string HopAddresses:string HopLinkTypes:string "
        "HopResourceIds:string Hops:string HopTypes:string _IsBillable:string Issues:string "
        "JitterMs:real MaxRoundTripTimeMs:real MinRoundTripTimeMs:real PathTestResult:string "
        "PathTestResultCriterion:string Protocol:string RecordId:string _ResourceId:string "
        "RoundTripTimeMsThreshold:real SourceAddress:string SourceAgentId:string SourceIP:string "
        "SourceName:string SourceResourceId:string SourceSubnet:string SourceSystem:string "
        "SourceType:string _SubscriptionId:string TenantId:string TestConfigurationName:string "
        "TestGroupName:string TimeGenerated:datetime TopologyId:string Type:string"},
    Schema{"NWConnectionMonitorDNSResult",
           "_BilledSize:real ChecksFailed:int ChecksTotal:int ConnectionMonitorResourceId:string "
           "DestinationAddress:string DestinationAgentId:string DestinationIP:string "
           "DestinationName:string DestinationPort:int DestinationResourceId:string "
           "DestinationSubnet:string DestinationType:string DomainName:string _IsBillable:string "
           "Protocol:string RecordId:string _ResourceId:string ResponseRecordCount:int "
           "ResponseRecords:string ResponseRecordType:string SourceAddress:string "
           "SourceAgentId:string SourceIP:string SourceName:string SourceResourceId:string "
           "SourceSubnet:string SourceSystem:string SourceType:string _SubscriptionId:string "
           "TenantId:string TestConfigurationName:string TestGroupName:string TestResult:string "
           "TestResultCriterion:string TimeGenerated:datetime Type:string ValidationChecks:string "
           "ValidationIssues:string"},
    Schema{
        "NWConnectionMonitorDestinationListenerResult",
        "_BilledSize:real ConnectionMonitorResourceId:string DestinationAddress:string "
        "DestinationAgentId:string DestinationIP:string DestinationName:string "
        "DestinationPort:int DestinationResourceId:string DestinationSubnet:string "
        "DestinationType:string _IsBillable:string Issues:string ListeningOutcome:string "
        "Protocol:string RecordId:string _ResourceId:string SourceSystem:string "
        "_SubscriptionId:string TenantId:string TestConfigurationName:string TestGroupName:string "
        "TimeGenerated:datetime Type:string"},
    Schema{
        "NetworkMonitoring",
        "AddressType:string AgentCapability:int AgentFqdn:string AgentId:string AgentIP:string "
        "AlertsCount:int AvgHopLatencyList:string AzureHopListDiagnosticCode:string "
        "AzureHopListHealth:string AzureHopListIPAddress:string AzureHopListResourceID:string "
        "AzureHopListType:string _BilledSize:real BitsInPerSecond:long BitsOutPerSecond:long "
        "CircuitName:string CircuitRegion:string CircuitResourceGroup:string "
        "CircuitResourceId:string CircuitSKUFamily:string CircuitSKUTier:string "
        "CircuitSubscriptionId:string Computer:string ConnectionMonitorResourceId:string "
        "ConnectionResourceId:string CustomFieldName:string CustomFieldValueFloat:long "
        "CustomFieldValueHex:string CustomFieldValueInt:long CustomFieldValueString:string "
        "CustomMonitoringData:string CustomOid:string CustomOidResponseSuffix:string "
        "DestinationNetwork:string DestinationNetworkNodeInterface:string "
        "DestinationNetworkNodeLink:string DestinationSubNetwork:string Details:string "
        "DeviceComponentType:string DeviceMonitoringChannel:string DeviceState:string "
        "DeviceType:string DiagnosticHop:string DiagnosticHopLatency:string DiskCount:int "
        "EgressByteCount:long EgressPacketCount:long EndpointId:int Enterprise:string "
        "ExporterIp:string ExportProtocol:string FanCount:int FriendlyName:string "
        "GenTrapType:string HighLatency:real HostFqdn:string HostFqdn1:string HostFqdn2:string "
        "HostIp:string HostIp1:string HostIp2:string IcmpPingStatus:string ifAdminStatus:string "
        "ifHCInBroadcastPkts:long ifHCInMulticastPkts:long ifHCInOctets:long ifHCInUcastPkts:long "
        "ifHCOutBroadcastPkts:long ifHCOutMulticastPkts:long ifHCOutOctetsMib2:int "
        "ifHCOutUcastPkts:long ifHighSpeed:long ifInDiscardsMib2:long ifInErrors:long ifMtu:long "
        "ifOperStatus:string ifOutDiscards:long ifOutErrors:long ifOutQLen:long "
        "ifPhysAddress:string ifType:string InBroadCastPktsPerSec:long Index:long "
        "InDiscardsPercent:int InDiscardsPerSec:long InErrorsPercent:int InErrorsPerSec:long "
        "IngressByteCount:long IngressPacketCount:long InMultiCastPktsPerSec:long "
        "InOctetsPerSec:long InterfaceCount:int InterfaceId:int InternalByteCount:long "
        "InternalPacketCount:long InUnicastPktsPerSec:long IpV4Addresses:string "
        "IpV4Subnets:string IpV6Addresses:string IpV6Subnets:string _IsBillable:string "
        "IsPrimary:bool L2ConnectedNodes:string L2ConnectedPorts:string L4Port:int "
        "L4Protocol:string L7Protocol:string LatencyBenchmark:real LatencyFaultLinks:string "
        "LatencyHealthIndicator:bool LatencyHealthState:string LatencyMode:string "
        "LatencyThreshold:real LatencyThresholdMode:string Loss:real LossBenchmark:real "
        "LossFaultLinks:string LossHealthIndicator:bool LossHealthState:string LossMode:string "
        "LossThreshold:real LossThresholdMode:string LowLatency:real MachineType:int "
        "MaxHopLatencyList:string MedianLatency:real MemAvailablePercent:int MemCount:int "
        "MemTotalInMB:long MessageCode:string MessageDetails:string MessageType:string "
        "MicrosoftEdge:string MicrosoftEdgeAlias:string MinHopLatencyList:string Model:string "
        "NodeLinkCount:int NodeUniqueName:string NotificationCode:int NotificationType:string "
        "NPMAgentEnvironment:string OSType:string OutBroadCastPktsPerSec:long "
        "OutDiscardsPercent:int OutDiscardsPerSec:long OutErrorsPercent:long OutErrorsPerSec:long "
        "OutMultiCastPktsPerSec:long OutOctetsPerSec:long OutUnicastPktsPerSec:long Path:string "
        "PathInformation:string PeeringLocation:string PeeringName:string PeeringType:string "
        "PingDelayInMsec:real Port:int PortName:string PrefixLength:string "
        "PrimaryBytesInPerSecond:long PrimaryBytesOutPerSecond:long ProcessorCount:int "
        "ProcessorTimePercent:int Protocol:string ProviderEdge:string ProviderEdgeAlias:string "
        "ProvisioningState:string ResponseCodeHealthState:string RouteDestination:string "
        "RouteMetric:string RouteNextHop:string RouterIP:string RouterName:string "
        "RouteTableIpV4NextHops:string RouteTableIpV6NextHops:string "
        "RouteTableNextHopNodes:string RuleName:string SecondaryBytesInPerSecond:long "
        "SecondaryBytesOutPerSecond:long ServiceKey:string ServiceLossHealthState:string "
        "ServiceLossPercent:real ServiceProvider:string ServiceResponseCode:long "
        "ServiceResponseHealthState:string ServiceResponseThreshold:real "
        "ServiceResponseThresholdMode:string ServiceResponseTime:real ServiceTestId:int "
        "SnmpManagementIpV4Address:string SnmpManagementIpV6Address:string SnmpPingStatus:string "
        "SnmpVersion:string SourceNetwork:string SourceNetworkNodeInterface:string "
        "SourceNetworkNodeLink:string SourceSubNetwork:string SourceSystem:string "
        "SpecificTrapType:string SubnetId:string SubnetId1:string SubnetId2:string "
        "SubnetLinkCount:int SubscriptionId:string SubType:string SupportsSnmp:bool "
        "sysContact:string sysDescr:string sysLocation:string sysName:string sysObjectID:string "
        "sysUpTime:long Target:string TestName:string TimeGenerated:datetime "
        "TimeProcessed:datetime TimeSinceActive:int ToS:int TotalByteCount:long "
        "TotalFlowRecords:long TotalPacketCount:long TotalPeerings:int TotalSessions:int "
        "TraceRouteCompletionTime:datetime TrapCollectionIntervalInSeconds:int TrapCount:int "
        "TrapData:string TrapOid:string Type:string UtilizationHealthState:string Vendor:string "
        "VirtualNetwork:string VLan:int"},
    Schema{
        "AzureMetrics",
        "Average:real _BilledSize:real CallerIpAddress:string Category:string Confidence:string "
        "CorrelationId:string Count:real Description:string DurationMs:long "
        "FirstReportedDateTime:string IndicatorThreatType:string IsActive:string "
        "_IsBillable:string LastReportedDateTime:string MaliciousIP:string Maximum:real "
        "MetricName:string Minimum:real OperationName:string OperationVersion:string "
        "RemoteIPCountry:string RemoteIPLatitude:real RemoteIPLongitude:real Resource:string "
        "ResourceGroup:string ResourceId:string _ResourceId:string ResourceProvider:string "
        "ResultDescription:string ResultSignature:string ResultType:string Severity:int "
        "SourceSystem:string SubscriptionId:string _SubscriptionId:string TimeGenerated:datetime "
        "TimeGrain:string TLPLevel:string Total:real Type:string UnitName:string"},
    Schema{
        "Heartbeat",
        "_BilledSize:real Category:string Computer:string ComputerEnvironment:string "
        "ComputerIP:string ComputerPrivateIPs:dynamic _IsBillable:string IsGatewayInstalled:bool "
        "ManagementGroupName:string OSMajorVersion:string OSMinorVersion:string OSName:string "
        "OSType:string RemoteIPCountry:string RemoteIPLatitude:real RemoteIPLongitude:real "
        "Resource:string ResourceGroup:string ResourceId:string _ResourceId:string "
        "ResourceProvider:string ResourceType:string SCAgentChannel:string Solutions:string "
        "SourceSystem:string SubscriptionId:string _SubscriptionId:string TimeGenerated:datetime "
        "Type:string Version:string VMUUID:string"},
};

}  // namespace

std::string_view published_columns(std::string_view table) {
  for (const Schema& schema : kSchemas) {
    if (schema.table == table) return schema.columns;
  }
  return {};
}

}  // namespace lw::server::logs
