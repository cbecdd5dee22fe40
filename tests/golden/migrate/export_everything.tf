resource "azurerm_network_connection_monitor" "_1_of__all_" {
  name = "1 of \"all\""
  network_watcher_id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/Group/providers/Microsoft.Network/networkWatchers/Watcher"
  location = "westeurope"
  notes = "two\nlines"
  output_workspace_resource_ids = ["/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w"]
  tags = {
    "team" = "net"
    "a b" = "$${x}"
  }
  endpoint {
    name = "here"
    # not in azurerm: endpoint here: type Agent
    # not in azurerm: endpoint here: linewatch.agent = local
  }
  endpoint {
    name = "office"
    # not in azurerm: endpoint office: type AgentGroup
    # not in azurerm: endpoint office: label site = berlin
  }
  endpoint {
    name = "vm"
    target_resource_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm"
    target_resource_type = "AzureVM"
  }
  endpoint {
    name = "six"
    target_resource_type = "ExternalAddress"
    address = "[2001:db8::1]"
  }
  endpoint {
    name = "net"
    target_resource_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net"
    target_resource_type = "AzureVNet"
    coverage_level = "Full"
    # not in azurerm: endpoint net: host7 in included_ip_addresses is neither an address nor a subnet
    included_ip_addresses = ["10.0.0.0/24"]
    excluded_ip_addresses = ["10.0.0.9"]
  }
  endpoint {
    name = "workspace"
    target_resource_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w"
    target_resource_type = "MMAWorkspaceNetwork"
    filter {
      type = "Include"
      item {
        type = "AgentAddress"
        address = "host8"
      }
    }
  }
  endpoint {
    name = "arc"
    # not in azurerm: endpoint arc: type AzureArcNetwork
    included_ip_addresses = ["10.1.0.0/24"]
    # not in azurerm: endpoint arc: locationDetails.region = eastus
    # not in azurerm: endpoint arc: subscriptionId = s
  }
  test_configuration {
    name = "ping"
    test_frequency_in_seconds = 10
    protocol = "Icmp"
    icmp_configuration {
      trace_route_enabled = false
    }
    preferred_ip_version = "IPv6"
  }
  test_configuration {
    name = "port"
    test_frequency_in_seconds = 60
    protocol = "Tcp"
    tcp_configuration {
      port = 443
      trace_route_enabled = true
      destination_port_behavior = "ListenIfAvailable"
    }
    success_threshold {
      checks_failed_percent = 5
      round_trip_time_ms = 12.5
    }
  }
  test_configuration {
    name = "web"
    test_frequency_in_seconds = 60
    protocol = "Http"
    http_configuration {
      method = "Get"
      port = 8443
      path = "/a?b"
      prefer_https = true
      valid_status_code_ranges = ["2xx", "418"]
      request_header {
        name = "X"
        value = "%%{y}"
      }
    }
  }
  test_configuration {
    name = "head"
    test_frequency_in_seconds = 60
    protocol = "Http"
    http_configuration {
      path = "/"
      prefer_https = false
    }
  }
  test_group {
    name = "g"
    source_endpoints = ["here", "office", "vm", "net", "workspace", "arc"]
    destination_endpoints = ["six"]
    test_configuration_names = ["ping", "port", "web", "head"]
    enabled = true
  }
  test_group {
    name = "off"
    source_endpoints = ["here"]
    destination_endpoints = ["vm"]
    test_configuration_names = ["ping"]
    enabled = false
  }
  # not in azurerm: endpoint here: type Agent is linewatch's own
  # not in azurerm: endpoint office: type AgentGroup is linewatch's own
  # not in azurerm: test configuration ping: testFrequencySec 10 is below Azure's 30
  # not in azurerm: test configuration ping: linewatch.checksPerRound = 5
  # not in azurerm: test configuration head: method Head is linewatch's own
}
